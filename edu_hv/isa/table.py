"""The operation table: one row an instruction of System/370.  GA22-7000 appendix "Lists of Instructions".

The table says what is fixed about an instruction; what it does is in `edu_hv.machine.instructions`.  An instruction
without such a function is an uninstalled facility: the CPU answers it with an operation exception.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from edu_hv.isa.formats import Format


class Group(Enum):
    """The chapters of the manual."""

    GENERAL = "general"
    DECIMAL = "decimal"
    FLOATING_POINT = "floating point"
    CONTROL = "control"
    INPUT_OUTPUT = "input/output"


class Level(Enum):
    """Where an instruction entered the architecture."""

    S360 = "System/360 universal set"
    S360_OPTION = "System/360 option"
    S370 = "System/370 addition"
    S370_OPTION = "System/370 option"


class ConditionCode(Enum):
    """What an instruction does to the condition code."""

    UNCHANGED = "unchanged"
    SET = "set by the result"
    LOADED = "loaded from an operand"


@dataclass(frozen=True)
class Operation:
    """One row: `code` is one byte (X'1A') or, for B2xx, E5xx and the I/O group, two bytes (X'B20D')."""

    code: int
    mnemonic: str
    format: Format
    name: str
    group: Group
    level: Level
    condition_code: ConditionCode
    privileged: bool = False
    semiprivileged: bool = False

    @property
    def two_byte(self) -> bool:
        """Whether the second byte belongs to the operation code."""
        return self.code > 0xFF


_o, F, G, L, CC = Operation, Format, Group, Level, ConditionCode

# fmt: off
OPERATIONS: tuple[Operation, ...] = (
    # General instructions
    _o(0x1A, "AR", F.RR, "Add", G.GENERAL, L.S360, CC.SET),
    _o(0x5A, "A", F.RX, "Add", G.GENERAL, L.S360, CC.SET),
    _o(0x4A, "AH", F.RX, "Add halfword", G.GENERAL, L.S360, CC.SET),
    _o(0x1E, "ALR", F.RR, "Add logical", G.GENERAL, L.S360, CC.SET),
    _o(0x5E, "AL", F.RX, "Add logical", G.GENERAL, L.S360, CC.SET),
    _o(0x14, "NR", F.RR, "And", G.GENERAL, L.S360, CC.SET),
    _o(0x54, "N", F.RX, "And", G.GENERAL, L.S360, CC.SET),
    _o(0x94, "NI", F.SI, "And immediate", G.GENERAL, L.S360, CC.SET),
    _o(0xD4, "NC", F.SS, "And characters", G.GENERAL, L.S360, CC.SET),
    _o(0x05, "BALR", F.RR, "Branch and link", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x45, "BAL", F.RX, "Branch and link", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x0D, "BASR", F.RR, "Branch and save", G.GENERAL, L.S370_OPTION, CC.UNCHANGED),
    _o(0x4D, "BAS", F.RX, "Branch and save", G.GENERAL, L.S370_OPTION, CC.UNCHANGED),
    _o(0x07, "BCR", F.RR_MASK, "Branch on condition", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x47, "BC", F.RX_MASK, "Branch on condition", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x06, "BCTR", F.RR, "Branch on count", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x46, "BCT", F.RX, "Branch on count", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x86, "BXH", F.RS, "Branch on index high", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x87, "BXLE", F.RS, "Branch on index low or equal", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x19, "CR", F.RR, "Compare", G.GENERAL, L.S360, CC.SET),
    _o(0x59, "C", F.RX, "Compare", G.GENERAL, L.S360, CC.SET),
    _o(0x49, "CH", F.RX, "Compare halfword", G.GENERAL, L.S360, CC.SET),
    _o(0xBA, "CS", F.RS, "Compare and swap", G.GENERAL, L.S370, CC.SET),
    _o(0xBB, "CDS", F.RS, "Compare double and swap", G.GENERAL, L.S370, CC.SET),
    _o(0x15, "CLR", F.RR, "Compare logical", G.GENERAL, L.S360, CC.SET),
    _o(0x55, "CL", F.RX, "Compare logical", G.GENERAL, L.S360, CC.SET),
    _o(0x95, "CLI", F.SI, "Compare logical immediate", G.GENERAL, L.S360, CC.SET),
    _o(0xD5, "CLC", F.SS, "Compare logical characters", G.GENERAL, L.S360, CC.SET),
    _o(0xBD, "CLM", F.RS_MASK, "Compare logical characters under mask", G.GENERAL, L.S370, CC.SET),
    _o(0x0F, "CLCL", F.RR, "Compare logical long", G.GENERAL, L.S370, CC.SET),
    _o(0x4F, "CVB", F.RX, "Convert to binary", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x4E, "CVD", F.RX, "Convert to decimal", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x1D, "DR", F.RR, "Divide", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x5D, "D", F.RX, "Divide", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x17, "XR", F.RR, "Exclusive or", G.GENERAL, L.S360, CC.SET),
    _o(0x57, "X", F.RX, "Exclusive or", G.GENERAL, L.S360, CC.SET),
    _o(0x97, "XI", F.SI, "Exclusive or immediate", G.GENERAL, L.S360, CC.SET),
    _o(0xD7, "XC", F.SS, "Exclusive or characters", G.GENERAL, L.S360, CC.SET),
    _o(0x44, "EX", F.RX, "Execute", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x43, "IC", F.RX, "Insert character", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0xBF, "ICM", F.RS_MASK, "Insert characters under mask", G.GENERAL, L.S370, CC.SET),
    _o(0x18, "LR", F.RR, "Load", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x58, "L", F.RX, "Load", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x41, "LA", F.RX, "Load address", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x12, "LTR", F.RR, "Load and test", G.GENERAL, L.S360, CC.SET),
    _o(0x13, "LCR", F.RR, "Load complement", G.GENERAL, L.S360, CC.SET),
    _o(0x48, "LH", F.RX, "Load halfword", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x98, "LM", F.RS, "Load multiple", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x11, "LNR", F.RR, "Load negative", G.GENERAL, L.S360, CC.SET),
    _o(0x10, "LPR", F.RR, "Load positive", G.GENERAL, L.S360, CC.SET),
    _o(0xAF, "MC", F.SI, "Monitor call", G.GENERAL, L.S370, CC.UNCHANGED),
    _o(0x92, "MVI", F.SI, "Move immediate", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0xD2, "MVC", F.SS, "Move characters", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0xE8, "MVCIN", F.SS, "Move inverse", G.GENERAL, L.S370_OPTION, CC.UNCHANGED),
    _o(0x0E, "MVCL", F.RR, "Move long", G.GENERAL, L.S370, CC.SET),
    _o(0xD1, "MVN", F.SS, "Move numerics", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0xF1, "MVO", F.SS_TWO, "Move with offset", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0xD3, "MVZ", F.SS, "Move zones", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x1C, "MR", F.RR, "Multiply", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x5C, "M", F.RX, "Multiply", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x4C, "MH", F.RX, "Multiply halfword", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x16, "OR", F.RR, "Or", G.GENERAL, L.S360, CC.SET),
    _o(0x56, "O", F.RX, "Or", G.GENERAL, L.S360, CC.SET),
    _o(0x96, "OI", F.SI, "Or immediate", G.GENERAL, L.S360, CC.SET),
    _o(0xD6, "OC", F.SS, "Or characters", G.GENERAL, L.S360, CC.SET),
    _o(0xF2, "PACK", F.SS_TWO, "Pack", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x04, "SPM", F.RR_ONE, "Set program mask", G.GENERAL, L.S360, CC.LOADED),
    _o(0x8B, "SLA", F.RS_SHIFT, "Shift left single", G.GENERAL, L.S360, CC.SET),
    _o(0x8F, "SLDA", F.RS_SHIFT, "Shift left double", G.GENERAL, L.S360, CC.SET),
    _o(0x89, "SLL", F.RS_SHIFT, "Shift left single logical", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x8D, "SLDL", F.RS_SHIFT, "Shift left double logical", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x8A, "SRA", F.RS_SHIFT, "Shift right single", G.GENERAL, L.S360, CC.SET),
    _o(0x8E, "SRDA", F.RS_SHIFT, "Shift right double", G.GENERAL, L.S360, CC.SET),
    _o(0x88, "SRL", F.RS_SHIFT, "Shift right single logical", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x8C, "SRDL", F.RS_SHIFT, "Shift right double logical", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x50, "ST", F.RX, "Store", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x42, "STC", F.RX, "Store character", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0xBE, "STCM", F.RS_MASK, "Store characters under mask", G.GENERAL, L.S370, CC.UNCHANGED),
    _o(0x40, "STH", F.RX, "Store halfword", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x90, "STM", F.RS, "Store multiple", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0xB205, "STCK", F.S, "Store clock", G.GENERAL, L.S370, CC.SET),
    _o(0x1B, "SR", F.RR, "Subtract", G.GENERAL, L.S360, CC.SET),
    _o(0x5B, "S", F.RX, "Subtract", G.GENERAL, L.S360, CC.SET),
    _o(0x4B, "SH", F.RX, "Subtract halfword", G.GENERAL, L.S360, CC.SET),
    _o(0x1F, "SLR", F.RR, "Subtract logical", G.GENERAL, L.S360, CC.SET),
    _o(0x5F, "SL", F.RX, "Subtract logical", G.GENERAL, L.S360, CC.SET),
    _o(0x0A, "SVC", F.RR_SVC, "Supervisor call", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0x93, "TS", F.SI, "Test and set", G.GENERAL, L.S360, CC.SET),
    _o(0x91, "TM", F.SI, "Test under mask", G.GENERAL, L.S360, CC.SET),
    _o(0xDC, "TR", F.SS, "Translate", G.GENERAL, L.S360, CC.UNCHANGED),
    _o(0xDD, "TRT", F.SS, "Translate and test", G.GENERAL, L.S360, CC.SET),
    _o(0xF3, "UNPK", F.SS_TWO, "Unpack", G.GENERAL, L.S360, CC.UNCHANGED),
    # Decimal instructions
    _o(0xFA, "AP", F.SS_TWO, "Add decimal", G.DECIMAL, L.S360, CC.SET),
    _o(0xF9, "CP", F.SS_TWO, "Compare decimal", G.DECIMAL, L.S360, CC.SET),
    _o(0xFD, "DP", F.SS_TWO, "Divide decimal", G.DECIMAL, L.S360, CC.UNCHANGED),
    _o(0xDE, "ED", F.SS, "Edit", G.DECIMAL, L.S360, CC.SET),
    _o(0xDF, "EDMK", F.SS, "Edit and mark", G.DECIMAL, L.S360, CC.SET),
    _o(0xFC, "MP", F.SS_TWO, "Multiply decimal", G.DECIMAL, L.S360, CC.UNCHANGED),
    _o(0xF0, "SRP", F.SS_ROUND, "Shift and round decimal", G.DECIMAL, L.S370, CC.SET),
    _o(0xFB, "SP", F.SS_TWO, "Subtract decimal", G.DECIMAL, L.S360, CC.SET),
    _o(0xF8, "ZAP", F.SS_TWO, "Zero and add", G.DECIMAL, L.S360, CC.SET),
    # Hexadecimal floating-point instructions
    _o(0x3A, "AER", F.RR_F, "Add normalized short", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x7A, "AE", F.RX_F, "Add normalized short", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x2A, "ADR", F.RR_F, "Add normalized long", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x6A, "AD", F.RX_F, "Add normalized long", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x36, "AXR", F.RR_F, "Add normalized extended", G.FLOATING_POINT, L.S360_OPTION, CC.SET),
    _o(0x3E, "AUR", F.RR_F, "Add unnormalized short", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x7E, "AU", F.RX_F, "Add unnormalized short", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x2E, "AWR", F.RR_F, "Add unnormalized long", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x6E, "AW", F.RX_F, "Add unnormalized long", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x39, "CER", F.RR_F, "Compare short", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x79, "CE", F.RX_F, "Compare short", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x29, "CDR", F.RR_F, "Compare long", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x69, "CD", F.RX_F, "Compare long", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x3D, "DER", F.RR_F, "Divide short", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x7D, "DE", F.RX_F, "Divide short", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x2D, "DDR", F.RR_F, "Divide long", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x6D, "DD", F.RX_F, "Divide long", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x34, "HER", F.RR_F, "Halve short", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x24, "HDR", F.RR_F, "Halve long", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x38, "LER", F.RR_F, "Load short", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x78, "LE", F.RX_F, "Load short", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x28, "LDR", F.RR_F, "Load long", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x68, "LD", F.RX_F, "Load long", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x32, "LTER", F.RR_F, "Load and test short", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x22, "LTDR", F.RR_F, "Load and test long", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x33, "LCER", F.RR_F, "Load complement short", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x23, "LCDR", F.RR_F, "Load complement long", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x31, "LNER", F.RR_F, "Load negative short", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x21, "LNDR", F.RR_F, "Load negative long", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x30, "LPER", F.RR_F, "Load positive short", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x20, "LPDR", F.RR_F, "Load positive long", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x35, "LRER", F.RR_F, "Load rounded long to short", G.FLOATING_POINT, L.S360_OPTION, CC.UNCHANGED),
    _o(0x25, "LRDR", F.RR_F, "Load rounded extended to long", G.FLOATING_POINT, L.S360_OPTION, CC.UNCHANGED),
    _o(0x3C, "MER", F.RR_F, "Multiply short to long", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x7C, "ME", F.RX_F, "Multiply short to long", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x2C, "MDR", F.RR_F, "Multiply long", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x6C, "MD", F.RX_F, "Multiply long", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x27, "MXDR", F.RR_F, "Multiply long to extended", G.FLOATING_POINT, L.S360_OPTION, CC.UNCHANGED),
    _o(0x67, "MXD", F.RX_F, "Multiply long to extended", G.FLOATING_POINT, L.S360_OPTION, CC.UNCHANGED),
    _o(0x26, "MXR", F.RR_F, "Multiply extended", G.FLOATING_POINT, L.S360_OPTION, CC.UNCHANGED),
    _o(0x70, "STE", F.RX_F, "Store short", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x60, "STD", F.RX_F, "Store long", G.FLOATING_POINT, L.S360, CC.UNCHANGED),
    _o(0x3B, "SER", F.RR_F, "Subtract normalized short", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x7B, "SE", F.RX_F, "Subtract normalized short", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x2B, "SDR", F.RR_F, "Subtract normalized long", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x6B, "SD", F.RX_F, "Subtract normalized long", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x37, "SXR", F.RR_F, "Subtract normalized extended", G.FLOATING_POINT, L.S360_OPTION, CC.SET),
    _o(0x3F, "SUR", F.RR_F, "Subtract unnormalized short", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x7F, "SU", F.RX_F, "Subtract unnormalized short", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x2F, "SWR", F.RR_F, "Subtract unnormalized long", G.FLOATING_POINT, L.S360, CC.SET),
    _o(0x6F, "SW", F.RX_F, "Subtract unnormalized long", G.FLOATING_POINT, L.S360, CC.SET),
    # Control instructions
    _o(0xB200, "CONCS", F.S, "Connect channel set", G.CONTROL, L.S370_OPTION, CC.SET, privileged=True),
    _o(0xB201, "DISCS", F.S, "Disconnect channel set", G.CONTROL, L.S370_OPTION, CC.SET, privileged=True),
    _o(0x83, "DIAG", F.RS, "Diagnose", G.CONTROL, L.S360, CC.UNCHANGED, privileged=True),
    _o(0xB226, "EPAR", F.RRE_ONE, "Extract primary ASN", G.CONTROL, L.S370_OPTION, CC.UNCHANGED, semiprivileged=True),
    _o(0xB227, "ESAR", F.RRE_ONE, "Extract secondary ASN", G.CONTROL, L.S370_OPTION, CC.UNCHANGED, semiprivileged=True),
    _o(0xB224, "IAC", F.RRE_ONE, "Insert address space control", G.CONTROL, L.S370_OPTION, CC.SET, semiprivileged=True),
    _o(0xB20B, "IPK", F.S_NONE, "Insert PSW key", G.CONTROL, L.S370_OPTION, CC.UNCHANGED, semiprivileged=True),
    _o(0x09, "ISK", F.RR, "Insert storage key", G.CONTROL, L.S360, CC.UNCHANGED, privileged=True),
    _o(0xB229, "ISKE", F.RRE, "Insert storage key extended", G.CONTROL, L.S370_OPTION, CC.UNCHANGED, privileged=True),
    _o(0xB223, "IVSK", F.RRE, "Insert virtual storage key", G.CONTROL, L.S370_OPTION, CC.UNCHANGED, semiprivileged=True),
    _o(0xB221, "IPTE", F.RRE, "Invalidate page table entry", G.CONTROL, L.S370_OPTION, CC.UNCHANGED, privileged=True),
    _o(0xE500, "LASP", F.SSE, "Load address space parameters", G.CONTROL, L.S370_OPTION, CC.SET, privileged=True),
    _o(0xB7, "LCTL", F.RS_CONTROL, "Load control", G.CONTROL, L.S370, CC.UNCHANGED, privileged=True),
    _o(0x82, "LPSW", F.S, "Load PSW", G.CONTROL, L.S360, CC.LOADED, privileged=True),
    _o(0xB1, "LRA", F.RX, "Load real address", G.CONTROL, L.S370, CC.SET, privileged=True),
    _o(0xD9, "MVCK", F.SS_KEY, "Move with key", G.CONTROL, L.S370_OPTION, CC.SET, semiprivileged=True),
    _o(0xDA, "MVCP", F.SS_KEY, "Move to primary", G.CONTROL, L.S370_OPTION, CC.SET, semiprivileged=True),
    _o(0xDB, "MVCS", F.SS_KEY, "Move to secondary", G.CONTROL, L.S370_OPTION, CC.SET, semiprivileged=True),
    _o(0xB218, "PC", F.S, "Program call", G.CONTROL, L.S370_OPTION, CC.UNCHANGED, semiprivileged=True),
    _o(0xB228, "PT", F.RRE, "Program transfer", G.CONTROL, L.S370_OPTION, CC.UNCHANGED, semiprivileged=True),
    _o(0xB20D, "PTLB", F.S_NONE, "Purge TLB", G.CONTROL, L.S370, CC.UNCHANGED, privileged=True),
    _o(0x85, "RDD", F.SI, "Read direct", G.CONTROL, L.S360_OPTION, CC.UNCHANGED, privileged=True),
    _o(0xB213, "RRB", F.S, "Reset reference bit", G.CONTROL, L.S370, CC.SET, privileged=True),
    _o(0xB22A, "RRBE", F.RRE, "Reset reference bit extended", G.CONTROL, L.S370_OPTION, CC.SET, privileged=True),
    _o(0xB219, "SAC", F.S, "Set address space control", G.CONTROL, L.S370_OPTION, CC.UNCHANGED, semiprivileged=True),
    _o(0xB204, "SCK", F.S, "Set clock", G.CONTROL, L.S370, CC.SET, privileged=True),
    _o(0xB206, "SCKC", F.S, "Set clock comparator", G.CONTROL, L.S370, CC.UNCHANGED, privileged=True),
    _o(0xB208, "SPT", F.S, "Set CPU timer", G.CONTROL, L.S370, CC.UNCHANGED, privileged=True),
    _o(0xB210, "SPX", F.S, "Set prefix", G.CONTROL, L.S370_OPTION, CC.UNCHANGED, privileged=True),
    _o(0xB20A, "SPKA", F.S, "Set PSW key from address", G.CONTROL, L.S370_OPTION, CC.UNCHANGED, semiprivileged=True),
    _o(0xB225, "SSAR", F.RRE_ONE, "Set secondary ASN", G.CONTROL, L.S370_OPTION, CC.UNCHANGED, semiprivileged=True),
    _o(0x08, "SSK", F.RR, "Set storage key", G.CONTROL, L.S360, CC.UNCHANGED, privileged=True),
    _o(0xB22B, "SSKE", F.RRE, "Set storage key extended", G.CONTROL, L.S370_OPTION, CC.UNCHANGED, privileged=True),
    _o(0x80, "SSM", F.S, "Set system mask", G.CONTROL, L.S360, CC.UNCHANGED, privileged=True),
    _o(0xAE, "SIGP", F.RS, "Signal processor", G.CONTROL, L.S370_OPTION, CC.SET, privileged=True),
    _o(0xB212, "STAP", F.S, "Store CPU address", G.CONTROL, L.S370_OPTION, CC.UNCHANGED, privileged=True),
    _o(0xB207, "STCKC", F.S, "Store clock comparator", G.CONTROL, L.S370, CC.UNCHANGED, privileged=True),
    _o(0xB6, "STCTL", F.RS_CONTROL, "Store control", G.CONTROL, L.S370, CC.UNCHANGED, privileged=True),
    _o(0xB202, "STIDP", F.S, "Store CPU ID", G.CONTROL, L.S370, CC.UNCHANGED, privileged=True),
    _o(0xB209, "STPT", F.S, "Store CPU timer", G.CONTROL, L.S370, CC.UNCHANGED, privileged=True),
    _o(0xB211, "STPX", F.S, "Store prefix", G.CONTROL, L.S370_OPTION, CC.UNCHANGED, privileged=True),
    _o(0xAC, "STNSM", F.SI, "Store then and system mask", G.CONTROL, L.S370, CC.UNCHANGED, privileged=True),
    _o(0xAD, "STOSM", F.SI, "Store then or system mask", G.CONTROL, L.S370, CC.UNCHANGED, privileged=True),
    _o(0xB22C, "TB", F.RRE, "Test block", G.CONTROL, L.S370_OPTION, CC.SET, privileged=True),
    _o(0xE501, "TPROT", F.SSE, "Test protection", G.CONTROL, L.S370_OPTION, CC.SET, privileged=True),
    _o(0x84, "WRD", F.SI, "Write direct", G.CONTROL, L.S360_OPTION, CC.UNCHANGED, privileged=True),
    # Input/output instructions
    _o(0x9F01, "CLRCH", F.S, "Clear channel", G.INPUT_OUTPUT, L.S370_OPTION, CC.SET, privileged=True),
    _o(0x9D01, "CLRIO", F.S, "Clear I/O", G.INPUT_OUTPUT, L.S370, CC.SET, privileged=True),
    _o(0x9E01, "HDV", F.S, "Halt device", G.INPUT_OUTPUT, L.S370, CC.SET, privileged=True),
    _o(0x9E00, "HIO", F.S, "Halt I/O", G.INPUT_OUTPUT, L.S360, CC.SET, privileged=True),
    _o(0x9C02, "RIO", F.S, "Resume I/O", G.INPUT_OUTPUT, L.S370_OPTION, CC.SET, privileged=True),
    _o(0x9C00, "SIO", F.S, "Start I/O", G.INPUT_OUTPUT, L.S360, CC.SET, privileged=True),
    _o(0x9C01, "SIOF", F.S, "Start I/O fast release", G.INPUT_OUTPUT, L.S370, CC.SET, privileged=True),
    _o(0xB203, "STIDC", F.S, "Store channel ID", G.INPUT_OUTPUT, L.S370, CC.SET, privileged=True),
    _o(0x9F00, "TCH", F.S, "Test channel", G.INPUT_OUTPUT, L.S360, CC.SET, privileged=True),
    _o(0x9D00, "TIO", F.S, "Test I/O", G.INPUT_OUTPUT, L.S360, CC.SET, privileged=True),
)
# fmt: on

BY_MNEMONIC: dict[str, Operation] = {operation.mnemonic: operation for operation in OPERATIONS}

_ONE_BYTE: list[Operation | None] = [None] * 256
_TWO_BYTE: dict[int, list[Operation | None]] = {}
for _operation in OPERATIONS:
    if _operation.two_byte:
        _TWO_BYTE.setdefault(_operation.code >> 8, [None] * 256)[_operation.code & 0xFF] = _operation
    else:
        _ONE_BYTE[_operation.code] = _operation
# The I/O instructions decode only the low bits of the second byte; the others are ignored.
# GA22-7000 "I/O Instructions".
for _first in (0x9C, 0x9D, 0x9E, 0x9F):
    _page = _TWO_BYTE[_first]
    _TWO_BYTE[_first] = [_page[_second] if _page[_second] else _page[_second & 1] for _second in range(256)]


def operation(text: bytes) -> Operation | None:
    """The operation whose code the instruction `text` (two bytes or more) starts with, or None."""
    page = _TWO_BYTE.get(text[0])
    return _ONE_BYTE[text[0]] if page is None else page[text[1]]


def operations(group: Group) -> Iterator[Operation]:
    """The rows of one group."""
    return (row for row in OPERATIONS if row.group is group)
