"""What the machine tells an observer.  An event is a small value in machine terms, built only when someone observes."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from edu_hv.isa.codes import Class


class Actor(Enum):
    """What part of the machine, or who outside it, is changing it."""

    INSTRUCTION = "instruction"
    INTERRUPTION = "interruption"
    """The hardware's part: old PSW, codes, CSW, PSW."""
    TIMER = "interval timer"
    CHANNEL = "channel"
    ASSIST = "VM assist"
    CONTROL_PROGRAM = "control program"
    """What handles interruptions outside the machine."""
    OPERATOR = "operator"
    """Nothing in the machine: keys, media, commands."""


@dataclass(frozen=True, slots=True)
class StorageStored:
    """Bytes of real storage changed hands.  `absolute` is the address of the first byte."""

    absolute: int
    old: bytes
    new: bytes
    actor: Actor = Actor.OPERATOR
    """Who stored them."""


@dataclass(frozen=True, slots=True)
class InterruptionRecognized:
    """A condition was found; nothing has changed yet."""

    kind: Class
    code: int
    ilc: int
    """Instruction-length code in halfwords; 0 when the class has none."""
    instruction_address: int
    """Logical address of the instruction concerned, or of the next one for external and I/O."""
    text: bytes
    """The instruction concerned; empty for external and I/O."""


@dataclass(frozen=True, slots=True)
class PSWsSwapped:
    """The hardware's part of an interruption: old PSW stored, new PSW loaded."""

    kind: Class
    code: int
    old: bytes
    new: bytes


@dataclass(frozen=True, slots=True)
class CCWExecuted:
    """A channel finished one CCW.  `address` is the CCW's absolute address, `ccw` its 8 bytes."""

    device: int
    address: int
    ccw: bytes
    unit_status: int
    channel_status: int
    residual: int


@dataclass(frozen=True, slots=True)
class IOStarted:
    """SIO was accepted or refused.  `caw`: 4 bytes."""

    device: int
    caw: bytes
    cc: int


@dataclass(frozen=True, slots=True)
class Waited:
    """The CPU was in the wait state and machine time moved to the next event (microseconds)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AssistHandled:
    """The VM assist did an instruction for a guest; there was no interruption."""

    mnemonic: str
    """Or `assist.VALIDATION`, for what is not an instruction."""
    text: bytes
    """The instruction, through EXECUTE if need be."""
    instruction_address: int
    before: bytes
    """The virtual PSW, 8 bytes, with the address of the instruction."""
    after: bytes


@dataclass(frozen=True, slots=True)
class AssistDeclined:
    """The VM assist was asked and left the instruction to the control program; the interruption follows."""

    mnemonic: str
    text: bytes
    instruction_address: int
    why: str


Event = object
Observer = Callable[[Event], None]
