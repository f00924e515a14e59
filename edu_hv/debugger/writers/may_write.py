"""Which instructions may write a register, the condition code or the program mask, by their first halfwords.

Only those count that compiled code executes: all others are left to the CPU in any case.  Too many are named rather
than too few; a test executes every instruction and compares.
"""

from functools import cache

from edu_hv.isa.formats import Format

GENERAL, FLOATING, CONDITION_CODE, PROGRAM_MASK = "GR", "FPR", "CC", "PM"

_NO_GENERAL = frozenset(
    [
        "CR",
        "C",
        "CH",
        "CLR",
        "CL",
        "CLM",
        "BCR",
        "BC",
        "LTER",
        "ST",
        "STC",
        "STH",
        "STM",
        "STCM",
        "SPM",
        "NI",
        "NC",
        "CLI",
        "CLC",
        "XI",
        "XC",
        "MVI",
        "MVC",
        "MVN",
        "MVO",
        "MVZ",
        "OI",
        "OC",
        "PACK",
        "UNPK",
        "TS",
        "TM",
        "TR",
        "MVCIN",
    ]
)
"""Instructions that write no general register."""
_NO_CODE = frozenset(
    [
        "BALR",
        "BAL",
        "BASR",
        "BAS",
        "BCR",
        "BC",
        "BCTR",
        "BCT",
        "BXH",
        "BXLE",
        "DR",
        "D",
        "IC",
        "LR",
        "L",
        "LA",
        "LH",
        "LM",
        "MVI",
        "MVC",
        "MVN",
        "MVO",
        "MVZ",
        "MR",
        "M",
        "MH",
        "PACK",
        "UNPK",
        "SLL",
        "SLDL",
        "SRL",
        "SRDL",
        "ST",
        "STC",
        "STH",
        "STM",
        "STCM",
        "TR",
        "LER",
        "LE",
        "LDR",
        "LD",
        "STE",
        "STD",
        "HER",
        "HDR",
        "MER",
        "ME",
        "MDR",
        "MD",
        "DER",
        "DE",
        "DD",
        "DDR",
    ]
)
"""Instructions that leave the condition code as it is."""
_NO_FLOATING = frozenset(["STE", "STD", "CER", "CE", "CDR", "CD"])
_PAIRS = frozenset(["M", "MR", "D", "DR", "SLDA", "SLDL", "SRDA", "SRDL", "CDS"])


@cache
def left_to_cpu(what: str, number: int = 0) -> bytes:
    """For each first halfword: 1 where compiled code could write it.  `number` of a register; of an FPR 0, 2, 4, 6."""
    from edu_hv.engine.interpreter import COMPILED, EXECUTE  # Slow to import, and not needed before.

    left = bytearray(65536)
    for code, row in COMPILED.items():
        for second in range(256):
            left[code << 8 | second] = _may(what, number, row.mnemonic, row.format, second)
    left[EXECUTE << 8 : (EXECUTE + 1) << 8] = b"\1" * 256
    return bytes(left)


def _may(what: str, number: int, mnemonic: str, format_: Format, second: int) -> bool:
    floating = format_ in (Format.RR_F, Format.RX_F)
    if what == CONDITION_CODE:
        return mnemonic not in _NO_CODE
    if what == PROGRAM_MASK:
        return mnemonic == "SPM"
    if what == FLOATING:
        return floating and mnemonic not in _NO_FLOATING
    return not floating and mnemonic not in _NO_GENERAL and number in _general(mnemonic, format_, second)


def _general(mnemonic: str, format_: Format, second: int) -> set[int]:
    """The general registers that one of the other instructions may write."""
    first, third = second >> 4, second & 15
    if mnemonic in ("TRT", "EDMK"):
        return {1, 2}
    if mnemonic == "LM":
        return {first + n & 15 for n in range((third - first & 15) + 1)}
    if format_ in (Format.SI, Format.SS, Format.SS_TWO, Format.S):
        return set(range(16))
    return {first, first | 1} if mnemonic in _PAIRS else {first}
