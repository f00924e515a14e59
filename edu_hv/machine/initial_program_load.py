"""Initial program loading: 24 bytes to absolute 0, then the channel program at 8.

GA22-7000 "Initial Program Loading".  The reading takes no machine time: the clocks start with the program.
"""

from edu_hv.isa.codes import ChannelStatus, Sense, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CSW, ENDING, status_words
from edu_hv.machine.channel_program import ChannelProgram

_IPL_END = 24
_COMMON_SENSE = 0xFC
"""The bits of sense byte 0 that mean the same for every device."""
_LIMIT = 10_000
"""CCWs an initial program load may execute: a chain that has not ended by then is a loop."""
_NORMAL = ENDING | UnitStatus.STATUS_MODIFIER
_IGNORED = ChannelStatus.PROGRAM_CONTROLLED_INTERRUPTION


def execute(program: ChannelProgram) -> None:
    """Run a fresh program of the load device to its end.

    Raises UserError when it does not end, and when it ends with anything but channel end, device end and status
    modifier.  A program-controlled interruption is ignored; a device end that is still to come is left to the device.
    """
    going = program.start_initial_program_load()
    steps = 0
    while going:
        if program.waiting or steps == _LIMIT:
            raise UserError(_never_ends(program))
        going = program.step()
        steps += 1
    csw = program.ending_csw()
    if not csw.unit_status & UnitStatus.CHANNEL_END or csw.unit_status & ~_NORMAL or csw.channel_status & ~_IGNORED:
        raise UserError(_load_failed(program, csw))


def _never_ends(program: ChannelProgram) -> str:
    reason = "waits for input" if program.waiting else f"has executed {_LIMIT} CCWs and goes on"
    return f"loading from device {program.number:03X} does not end: its channel program {reason}"


def _load_failed(program: ChannelProgram, csw: CSW) -> str:
    words = status_words(csw.unit_status & ~_NORMAL, csw.channel_status)
    hint = ""
    if sense := csw.unit_status & UnitStatus.UNIT_CHECK and Sense(program.device.sense[0] & _COMMON_SENSE):
        hint = " (" + ", ".join((flag.name or "").lower().replace("_", " ") for flag in Sense(sense)) + ")"
        if sense & Sense.INTERVENTION_REQUIRED:
            hint += ", since nothing is in it,"
    elif csw.unit_status & UnitStatus.UNIT_EXCEPTION:
        hint = " (end of file)"
    elif csw.channel_status & ChannelStatus.PROGRAM_CHECK and program.ccw_address < _IPL_END:
        hint = " (the first record is not one to load from, or storage is too small for it)"
    return f"loading from device {program.number:03X} failed: {words}{hint} at the CCW at {program.ccw_address:06X}"
