"""Differences that two machines may show and both be right: what the documentation of VM/370 and of the machine says.

GC20-1807 *CP for System Programmers*, "Virtual Machine Restrictions"; GA22-7000 "Timing Facilities".
"""

from collections.abc import Sequence

from edu_hv.debugger.forking.course import Happening
from edu_hv.debugger.forking.visible import Difference
from edu_hv.debugger.system import System
from edu_hv.isa.codes import MASK_24, PSA

_CLOCK = "it stores a clock: CP's own work takes time, so no two machines read the same"
_AT_ONCE = "CP carries out a virtual device's channel program at once; a real channel takes the time of its device"

BY_INSTRUCTION = {
    "STCK": _CLOCK,
    "STPT": _CLOCK,
    "STCKC": _CLOCK,
    "SPT": _CLOCK,
    "STIDP": "a virtual CPU says so: CP stores version code X'FF'",
    "STIDC": "a virtual channel says of what type it was defined",
    "DIAG": "DIAGNOSE asks CP for a service; on a bare machine it is an instruction of the machine's maintenance",
    **dict.fromkeys(("SIO", "SIOF", "TIO", "TCH", "HIO", "HDV", "CLRIO", "CLRCH"), _AT_ONCE),
}
"""Instructions whose result is not the same on two machines, and why."""
BY_ITSELF = (
    "an interruption comes by itself, and not at the same step on two machines: clocks and devices do not wait for the "
    "guest, and CP's work takes time"
)
TIMER = "it reads the interval timer at X'50', which is a clock"
NOT_YET = (
    "the data of an operation that is under way come at another step: CP carries it out at once, a channel in time"
)


def expected(
    left: Happening | None, right: Happening | None, found: tuple[Difference, ...], busy: bool, gr: Sequence[int]
) -> str:
    """Why a difference behind a step is to be expected of two machines that are both right; "" when it is not.

    `busy`: I/O is under way, or was before the step, on one of them.  `gr`: the general registers before the step.
    """
    for happening in (left, right):
        if happening is not None and not happening.text:
            return BY_ITSELF
    mnemonics = {happening.mnemonic for happening in (left, right) if happening is not None}
    for mnemonic in sorted(mnemonics):
        if mnemonic in BY_INSTRUCTION:
            return BY_INSTRUCTION[mnemonic]
    if any(happening is not None and reads_timer(happening.text, gr) for happening in (left, right)):
        return TIMER
    if busy and all(one.place.startswith(("storage", "console line")) for one in found):
        return NOT_YET
    return ""


_RX, _SS = range(0x40, 0x80), 6
_LONGEST = 8
"""Bytes of an operand that is not of format SS."""


def reads_timer(text: bytes, gr: Sequence[int]) -> bool:
    """Whether an operand of the instruction is at 80 to 83, where the interval timer is; without the guest's DAT."""
    for at in range(2, len(text), 2):
        base, index = text[at] >> 4, text[1] & 15 if text[0] in _RX else 0
        address = (text[at] & 15) << 8 | text[at + 1]
        address = address + (gr[base] if base else 0) + (gr[index] if index else 0) & MASK_24
        length = text[1] + 1 if len(text) == _SS else _LONGEST
        if address < PSA.INTERVAL_TIMER + 4 and address + length > PSA.INTERVAL_TIMER:
            return True
    return False


def io_under_way(system: System) -> bool:
    """Whether a channel program runs, in the real machine or, interpreted by CP, in a virtual one."""
    state = system.machine.channels.state()
    if any(one.program is not None for one in state.subchannels):
        return True
    vms = system.cp.vms if system.cp is not None else []
    return any(vdev.running for vm in vms for vdev in vm.devices.values())
