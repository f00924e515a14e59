"""What CP decides about spool files, as tables of rules: the first that applies decides.  SY20-0886 "Virtual Spooling".

What a reader does when a file has been read, where a closed file goes, and what becomes of output without room.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from edu_hv.hypervisor.decisions import Rule, SpoolDecision

Subject = TypeVar("Subject")


def _always(outcome: Enum) -> Callable[[Subject], SpoolDecision]:
    """Decide for an outcome, whatever the rest of the situation is."""
    return lambda subject: SpoolDecision(outcome)


# ---- a reader that has no card left --------------------------------------------------------------------------------


class Exhausted(Enum):
    """What a read is told when the file in the reader has no card left, or no file is in the reader."""

    NEXT_FILE = "goes on with the first card of the next file"
    UNIT_EXCEPTION = "unit exception"
    INTERVENTION = "unit check, intervention required"


@dataclass(frozen=True)
class ReaderState:
    """What decides: whether a file is being read, the reader's options, and whether another file is there for it."""

    reading: bool
    cont: bool
    eof: bool
    another: bool


READER_RULES: tuple[Rule[ReaderState], ...] = (
    Rule(
        "SPL-RDR-OPEN",
        "Is no file in the reader, and one of its class waiting?",
        "open the file: its first card",
        "the first read opens a file; files are taken in the order of the user's reader queue",
        "SY20-0886 Input File",
        lambda s: not s.reading and s.another,
        _always(Exhausted.NEXT_FILE),
    ),
    Rule(
        "SPL-RDR-EMPTY",
        "Is no file in the reader?",
        "unit check, intervention required; device end when a file arrives",
        "to the guest the hopper is empty",
        "SY20-0886 Input File",
        lambda s: not s.reading,
        _always(Exhausted.INTERVENTION),
    ),
    Rule(
        "SPL-RDR-CONT",
        "Is the reader spooled CONT, and another file there for it?",
        "go on with the next file",
        "CONT makes one deck of all files: no end of file lies between them",
        "GC20-1820 SPOOL CONT",
        lambda s: s.cont and s.another,
        _always(Exhausted.NEXT_FILE),
    ),
    Rule(
        "SPL-RDR-EOF",
        "Is the reader spooled EOF?",
        "unit exception on the read behind the last card",
        "as if the END OF FILE key were on",
        "GC20-1820 SPOOL EOF",
        lambda s: s.eof,
        _always(Exhausted.UNIT_EXCEPTION),
    ),
    Rule(
        "SPL-RDR-NOEOF",
        "(otherwise)",
        "unit check, intervention required",
        "NOEOF: the reader stops like one whose hopper has run empty",
        "GC20-1820 SPOOL NOEOF",
        lambda s: True,
        _always(Exhausted.INTERVENTION),
    ),
)


# ---- a file that is closed -----------------------------------------------------------------------------------------


class Destination(Enum):
    """Where a closed file goes."""

    NOWHERE = "purged"
    OPEN = "it is not closed"
    READER = "another user's reader"
    REAL_FOR = "the real device, in another user's name"
    REAL = "the real device"


@dataclass(frozen=True)
class Closing:
    """What decides: records in the file, whether it is to be purged, and TO and FOR of the device."""

    records: int
    purge: bool
    to: str
    for_user: str
    goes_on: bool = False
    """The device is spooled CONT, and it is neither detached nor its user logged off."""


CLOSE_RULES: tuple[Rule[Closing], ...] = (
    Rule(
        "SPL-CLO-PURGE",
        "Was CLOSE or SPOOL given with PURGE?",
        "the file is purged",
        "nobody wants the output",
        "GC20-1820 CLOSE PURGE",
        lambda c: c.purge,
        _always(Destination.NOWHERE),
    ),
    Rule(
        "SPL-CLO-CONT",
        "Is the device spooled CONT?",
        "the file stays open",
        "CONT makes one file of all output until NOCONT: a CLOSE between does nothing",
        "GC20-1820 SPOOL CONT",
        lambda c: c.goes_on,
        _always(Destination.OPEN),
    ),
    Rule(
        "SPL-CLO-EMPTY",
        "Has the file no record?",
        "the file is purged",
        "there is nothing to print or punch",
        "SY20-0886 Output File",
        lambda c: not c.records,
        _always(Destination.NOWHERE),
    ),
    Rule(
        "SPL-CLO-TO",
        "Is the device spooled TO a user?",
        "the file joins that user's reader files, as the last",
        "the output of one virtual machine is the input of another; nothing is printed or punched",
        "GC20-1820 SPOOL TO",
        lambda c: bool(c.to),
        _always(Destination.READER),
    ),
    Rule(
        "SPL-CLO-FOR",
        "Is the device spooled FOR a user?",
        "the file waits for the real device, and belongs to that user",
        "the separator shall carry the other user's name",
        "GC20-1820 SPOOL FOR",
        lambda c: bool(c.for_user),
        _always(Destination.REAL_FOR),
    ),
    Rule(
        "SPL-CLO-REAL",
        "(otherwise)",
        "the file waits for the real device",
        "SPOOL OFF is in effect: the output is for a real printer or punch",
        "SY20-0886 Output File",
        lambda c: True,
        _always(Destination.REAL),
    ),
)


# ---- output for which there is no room -----------------------------------------------------------------------------


class Full(Enum):
    """What becomes of output for which no page buffer is free."""

    CLOSE = "the file is closed with what is in it; unit check, intervention required"
    REFUSE = "no file is opened; unit check, intervention required"


FULL_RULES: tuple[Rule[int], ...] = (
    Rule(
        "SPL-FULL-CLOSE",
        "Has the device a file with records in it?",
        "close the file; unit check, intervention required",
        "what was written is kept; the guest may try again when somebody has purged files",
        "GC20-1807 DASD Space Exhausted",
        lambda records: records > 0,
        _always(Full.CLOSE),
    ),
    Rule(
        "SPL-FULL-REFUSE",
        "(otherwise)",
        "open no file; unit check, intervention required",
        "there is no page buffer for the first record",
        "GC20-1807 DASD Space Exhausted",
        lambda records: True,
        _always(Full.REFUSE),
    ),
)
"""The subject is the number of records in the file; 0 if there is no file."""
