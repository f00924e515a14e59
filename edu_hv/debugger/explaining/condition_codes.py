"""What a condition code means for the instruction that set it.  GA22-7000 appendix "Condition-Code Summary"."""

from edu_hv.isa.table import BY_MNEMONIC, ConditionCode

NEVER = ""
"""The instruction does not set this code."""
_SIGN = ("zero", "negative", "positive", "overflow")
_SHIFT_RIGHT = ("zero", "negative", "positive", NEVER)
_COMPARE = ("equal", "first operand low", "first operand high", NEVER)
_LOGICAL = ("zero", "not zero", NEVER, NEVER)
_SUM = ("zero, no carry", "not zero, no carry", "zero, carry", "not zero, carry")
_DIFFERENCE = (NEVER, "not zero, no carry", "zero, carry", "not zero, carry")
_EDIT = ("last field zero", "last field negative", "last field positive", NEVER)
_START = ("started", "CSW stored", "channel or subchannel busy", "not operational")
_LONG_MOVE = ("length at most 256, all moved", NEVER, NEVER, "length over 256, 256 bytes moved")
_REFERENCE = (
    "was not referenced, not changed",
    "was not referenced, but changed",
    "was referenced, not changed",
    "was referenced and changed",
)

MEANINGS: dict[str, tuple[str, str, str, str]] = {
    **dict.fromkeys(("A", "AR", "AH", "S", "SR", "SH", "LCR", "SLA", "SLDA"), _SIGN),
    **dict.fromkeys(("LTR", "SRA", "SRDA"), _SHIFT_RIGHT),
    "LPR": ("zero", NEVER, "positive", "overflow"),
    "LNR": ("zero", "negative", NEVER, NEVER),
    **dict.fromkeys(("C", "CR", "CH", "CL", "CLR", "CLC", "CLI", "CLM", "CLCL"), _COMPARE),
    **dict.fromkeys(("N", "NR", "NI", "NC", "O", "OR", "OI", "OC", "X", "XR", "XI", "XC"), _LOGICAL),
    **dict.fromkeys(("AL", "ALR"), _SUM),
    **dict.fromkeys(("SL", "SLR"), _DIFFERENCE),
    "TM": ("all tested bits zero", "mixed zeros and ones", NEVER, "all tested bits one"),
    "TS": ("leftmost bit was zero", "leftmost bit was one", NEVER, NEVER),
    "ICM": ("inserted bits all zero", "first inserted bit one", "first inserted bit zero, not all", NEVER),
    "TRT": ("all function bytes zero", "found before the end", "found at the last byte", NEVER),
    "CS": ("equal, stored", "not equal, loaded", NEVER, NEVER),
    "CDS": ("equal, stored", "not equal, loaded", NEVER, NEVER),
    "MVCL": ("lengths equal", "first shorter", "first longer", "destructive overlap, nothing moved"),
    "STCK": ("clock set", "clock not set", "clock in error", "clock not operational"),
    # Decimal
    **dict.fromkeys(("AP", "SP", "ZAP", "SRP"), _SIGN),
    "CP": _COMPARE,
    **dict.fromkeys(("ED", "EDMK"), _EDIT),
    # Floating point: the sign of the fraction; there is no overflow code, that is a program interruption
    **dict.fromkeys(
        ("AE", "AER", "AD", "ADR", "AXR", "AU", "AUR", "AW", "AWR", "SE", "SER", "SD", "SDR", "SXR", "SU", "SUR",
         "SW", "SWR", "LTER", "LTDR", "LCER", "LCDR"),
        _SHIFT_RIGHT,
    ),
    **dict.fromkeys(("CE", "CER", "CD", "CDR"), _COMPARE),
    **dict.fromkeys(("LNER", "LNDR"), ("zero", "negative", NEVER, NEVER)),
    **dict.fromkeys(("LPER", "LPDR"), ("zero", NEVER, "positive", NEVER)),
    # Control
    "CONCS": ("connected", "channel set is connected to another CPU", NEVER, "not operational"),
    "DISCS": ("disconnected", "channel set is connected to another CPU", NEVER, "not operational"),
    "IAC": ("primary-space mode", "secondary-space mode", NEVER, NEVER),
    "LASP": ("parameters loaded", "primary not available", "secondary not available or not authorized",
             "space-switch event specified"),
    "LRA": ("translation available", "segment-table entry invalid", "page-table entry invalid",
            "table length exceeded"),
    **dict.fromkeys(("MVCK", "MVCP", "MVCS"), _LONG_MOVE),
    **dict.fromkeys(("RRB", "RRBE"), _REFERENCE),
    "SCK": ("clock set", "clock secure, not set", NEVER, "clock not operational"),
    "SIGP": ("order accepted", "status stored", "busy", "not operational"),
    "TB": ("block usable", "block not usable", NEVER, NEVER),
    "TPROT": ("fetching and storing permitted", "fetching permitted, storing not", "neither permitted",
              "translation not available"),
    # Input/output
    **dict.fromkeys(("SIO", "SIOF"), _START),
    "TIO": ("available", "CSW stored", "channel or subchannel busy", "not operational"),
    "CLRIO": ("no operation in progress", "CSW stored", "channel busy", "not operational"),
    "HIO": ("interruption pending in the subchannel", "CSW stored", "burst operation ended", "not operational"),
    "HDV": ("busy with another device, or interruption pending", "CSW stored", "channel working", "not operational"),
    "STIDC": ("channel identification stored", "CSW stored", "channel busy", "not operational"),
    "TCH": ("available", "interruption pending", "operating in burst mode", "not operational"),
    "CLRCH": ("reset", NEVER, NEVER, "not operational"),
    "RIO": ("nothing to resume, or resumed", "not suspended", NEVER, "not operational"),
}  # fmt: skip
"""Condition codes 0 to 3 by mnemonic, for every instruction that sets the code by its result."""


def meaning_of(mnemonic: str, cc: int) -> str:
    """What a condition code means for the instruction that set it; "" where that instruction never sets it so."""
    meanings = MEANINGS.get(mnemonic)
    return meanings[cc] if meanings else ""


def sets_condition_code(mnemonic: str) -> bool:
    """Whether the instruction sets the code, by its result or from an operand."""
    row = BY_MNEMONIC.get(mnemonic)
    return row is not None and row.condition_code is not ConditionCode.UNCHANGED


_SELECTED = {15: "always", 0: "never"}


def mask_words(mask: int) -> str:
    """Which condition codes a branch mask selects: "CC 0 or 2", "always", "never"."""
    if mask in _SELECTED:
        return _SELECTED[mask]
    codes = [str(cc) for cc in range(4) if mask & 8 >> cc]
    return "CC " + " or ".join([", ".join(codes[:-1]), codes[-1]] if len(codes) > 2 else codes)
