"""Words of the architecture taken apart, field by field: PSW, CAW, CCW, CSW, storage key, clock, interruption code.

GA22-7000; each function names its heading.  Tables and control registers are in `table_bits`.
"""

from edu_hv.debugger.explaining.reasons import WHEN
from edu_hv.debugger.explaining.views import BitsRow, BitsView
from edu_hv.devices.device import NO_OP, SENSE, IODevice
from edu_hv.isa.codes import PIC, CCWFlag, ChannelStatus, Class, External, Key, UnitStatus
from edu_hv.isa.errors import UserError
from edu_hv.machine.ccw import CCW, CSW
from edu_hv.machine.interruptions import external_words
from edu_hv.machine.psw import PSW

_CC_RANGE = "what it means depends on the instruction that set it; explain cc tells"


def words(data: bytes) -> str:
    """Hexadecimal digits in words of four bytes."""
    return data.hex(" ", -4).upper()


def on(flag: int | bool, yes: str, no: str) -> str:
    """One of two meanings."""
    return yes if flag else no


def _bit(n: int, data: bytes) -> int:
    return data[n >> 3] >> (7 - (n & 7)) & 1


def _flag(data: bytes, n: int, name: str, yes: str, no: str) -> BitsRow:
    value = _bit(n, data)
    return BitsRow(f"{n}", name, str(value), on(value, yes, no))


# ---- PSW ------------------------------------------------------------------------------------------------------------


def psw(data: bytes, title: str = "PSW") -> BitsView:
    """The 8 bytes of a PSW, BC or EC by its bit 12.  GA22-7000 "Program-Status Word"."""
    found = PSW.from_bytes(data)
    rows = [*(_ec_left(data) if found.ec_mode else _bc_left(data)), *_states(data, found)]
    rows += _ec_right(data, found) if found.ec_mode else _bc_right(found)
    return BitsView(f"{title}, {'EC' if found.ec_mode else 'BC'} mode", words(data), tuple(rows), _psw_remarks(found))


def _bc_left(data: bytes) -> list[BitsRow]:
    channels = [
        _flag(data, n, f"channel {n} mask", f"channel {n} may interrupt", f"channel {n} may not interrupt")
        for n in range(6)
    ]
    others = _flag(
        data, 6, "I/O mask", "channels 6 and up may interrupt, where CR2 allows it", "channels 6 and up may not"
    )
    return [*channels, others, _external(data)]


def _external(data: bytes) -> BitsRow:
    return _flag(
        data, 7, "external mask", "external interruptions are allowed, where CR0 allows them", "none are allowed"
    )


def _ec_left(data: bytes) -> list[BitsRow]:
    return [
        BitsRow("0", "must be zero", str(_bit(0, data)), on(_bit(0, data), "specification exception", "as it must be")),
        _flag(data, 1, "PER mask", "program events are recorded, as CR9 to CR11 say", "no program-event recording"),
        BitsRow(
            "2-4",
            "must be zero",
            f"{data[0] >> 3 & 7:03b}",
            on(data[0] & 0x38, "specification exception", "as they must be"),
        ),
        _flag(data, 5, "DAT mode", "addresses are translated by the tables of CR1", "logical addresses are real ones"),
        _flag(
            data, 6, "I/O mask", "I/O interruptions are allowed, for the channels that CR2 allows", "none are allowed"
        ),
        _external(data),
    ]


def _states(data: bytes, found: PSW) -> list[BitsRow]:
    key = (
        "0 may touch any storage"
        if not found.key
        else f"stores need storage key {found.key:X}, as do fetches from fetch-protected blocks"
    )
    return [
        BitsRow("8-11", "PSW key", f"{found.key:X}", key),
        _flag(data, 12, "EC mode", "extended control: this format", "basic control: this format"),
        _flag(data, 13, "machine-check mask", "machine checks may interrupt", "machine checks wait"),
        _flag(data, 14, "wait state", "no instruction is executed until an interruption", "instructions are executed"),
        _flag(
            data,
            15,
            "problem state",
            "privileged instructions interrupt",
            "supervisor state: any instruction may be executed",
        ),
    ]


def _bc_right(found: PSW) -> list[BitsRow]:
    return [
        BitsRow("16-31", "interruption code", f"{found.interruption_code:04X}", "of the interruption, in an old PSW"),
        BitsRow("32-33", "instruction-length code", f"{found.ilc}", f"{found.ilc * 2} bytes, in an old PSW"),
        BitsRow("34-35", "condition code", f"{found.cc}", _CC_RANGE),
        BitsRow("36-39", "program mask", f"{found.program_mask:04b}", _program_mask(found)),
        _address_row(found),
    ]


def _ec_right(data: bytes, found: PSW) -> list[BitsRow]:
    reserved = data[3:5].hex().upper()
    return [
        _flag(data, 16, "address-space control", "secondary-space mode", "primary-space mode"),
        BitsRow(
            "17", "must be zero", str(_bit(17, data)), on(_bit(17, data), "specification exception", "as it must be")
        ),
        BitsRow("18-19", "condition code", f"{found.cc}", _CC_RANGE),
        BitsRow("20-23", "program mask", f"{found.program_mask:04b}", _program_mask(found)),
        BitsRow("24-39", "must be zero", reserved, on(any(data[3:5]), "specification exception", "as they must be")),
        _address_row(found),
    ]


def _address_row(found: PSW) -> BitsRow:
    at = found.instruction_address
    meaning = "of the next instruction" + ("; it is odd: specification exception" if at & 1 else "")
    return BitsRow("40-63", "instruction address", f"{at:06X}", meaning)


def _program_mask(found: PSW) -> str:
    names = ("fixed-point overflow", "decimal overflow", "exponent underflow", "significance")
    allowed = [name for n, name in enumerate(names) if found.program_mask & 8 >> n]
    return f"{', '.join(allowed)} may interrupt" if allowed else "no overflow, underflow or significance interrupts"


def _psw_remarks(found: PSW) -> tuple[str, ...]:
    remarks = []
    if found.wait and not found.enabled_for_something:
        remarks.append("a disabled wait: no I/O or external interruption can end it, the machine has stopped")
    if found.unassigned:
        remarks.append("it is not valid: using it is a specification exception")
    return tuple(remarks)


# ---- I/O ------------------------------------------------------------------------------------------------------------


def caw(data: bytes, title: str = "CAW") -> BitsView:
    """4 bytes.  GA22-7000 "Channel-Address Word"."""
    address = int.from_bytes(data[1:], "big")
    wrong = "program check: a CCW begins on a doubleword boundary" if address & 7 else "of the first CCW, absolute"
    zeros = on(data[0] & 15, "program check", "as they must be")
    rows = (
        BitsRow("0-3", "protection key", f"{data[0] >> 4:X}", "the channel stores and fetches with this key"),
        BitsRow("4-7", "must be zero", f"{data[0] & 15:04b}", zeros),
        BitsRow("8-31", "CCW address", f"{address:06X}", wrong),
    )
    return BitsView(title, words(data), rows)


_FLAGS = {
    CCWFlag.CHAIN_DATA: ("chain data", "the next CCW gives another data area for this command", "no data chaining"),
    CCWFlag.CHAIN_COMMAND: ("chain command", "the next CCW is another command", "the channel program ends here"),
    CCWFlag.SUPPRESS_LENGTH_INDICATION: (
        "suppress length",
        "a wrong length is no error",
        "a wrong length is told, and ends the chain",
    ),
    CCWFlag.SKIP: ("skip", "what is read is not stored", "data are transferred"),
    CCWFlag.PROGRAM_CONTROLLED_INTERRUPTION: ("PCI", "interrupts when the channel comes here", "no interruption here"),
    CCWFlag.INDIRECT_DATA_ADDRESS: (
        "indirect address",
        "the data address is that of a list of addresses",
        "the data address is that of the data",
    ),
}


def ccw(data: bytes, device: IODevice | None = None, title: str = "CCW") -> BitsView:
    """8 bytes, the command as that device understands it.  GA22-7000 "Channel-Command Word"."""
    found = CCW.from_bytes(data)
    rows = [BitsRow("0-7", "command", f"{found.command:02X}", command_words(found.command, device))]
    if found.transfer_in_channel:
        rows.append(BitsRow("8-31", "address", f"{found.address:06X}", "of the next CCW"))
        return BitsView(
            title,
            words(data),
            (*rows, BitsRow("32-63", "ignored", words(data[4:]), "a TIC has neither flags nor count")),
        )
    rows.append(BitsRow("8-31", "data address", f"{found.address:06X}", "absolute, of the first byte"))
    for n, (flag, (name, yes, no)) in enumerate(_FLAGS.items()):
        value = bool(found.flags & flag)
        rows.append(BitsRow(str(32 + n), name, str(int(value)), on(value, yes, no)))
    if found.flags & 3:
        rows.append(BitsRow("38-39", "must be zero", f"{found.flags & 3:02b}", "program check"))
    rows.append(
        BitsRow(
            "48-63",
            "count",
            f"{found.count:04X}",
            f"{found.count} bytes" if found.count else "program check: it must not be zero",
        )
    )
    return BitsView(title, words(data), tuple(rows))


def command_words(command: int, device: IODevice | None = None) -> str:
    """A command code in words: by the device's own table, else by its kind."""
    if command & 15 == 8:
        return "transfer in channel: the channel program goes on elsewhere"
    if command in (NO_OP, SENSE):
        return "no operation" if command == NO_OP else "sense: why the last unit check was"
    if device is None:
        return _kind(command)
    method = device.commands.get(command) or device.immediate_commands.get(command)
    if method is None:
        return f"{_kind(command)}; a {device.model} does not know it: command reject"
    doc = (method.__doc__ or "").partition(".")[0].partition(", command")[0].strip()
    return f"{doc}, of a {device.model}" if doc and doc.isupper() else f"{_kind(command)}, of a {device.model}"


def _kind(command: int) -> str:
    """What the low bits of a command say to the channel.  GA22-7000 "Command Code"."""
    if command & 15 == 4:
        return "sense"
    if command & 15 == 12:
        return "read backward"
    kinds = {1: "write", 2: "read", 3: "control"}
    return kinds.get(command & 3, "not a valid command: program check")


_UNIT = {
    UnitStatus.ATTENTION: "somebody has done something at the device",
    UnitStatus.STATUS_MODIFIER: "the next CCW is skipped, or with busy the control unit is meant",
    UnitStatus.CONTROL_UNIT_END: "the control unit, which was busy, is free",
    UnitStatus.BUSY: "the device or, with status modifier, the control unit is busy",
    UnitStatus.CHANNEL_END: "the data transfer is over",
    UnitStatus.DEVICE_END: "the device has finished and can be started again",
    UnitStatus.UNIT_CHECK: "something is wrong: SENSE says what",
    UnitStatus.UNIT_EXCEPTION: "something unusual, such as the end of the file",
}
_CHANNEL = {
    ChannelStatus.PROGRAM_CONTROLLED_INTERRUPTION: "a CCW with the PCI flag was reached",
    ChannelStatus.INCORRECT_LENGTH: "the count of the CCW was not the length of the data",
    ChannelStatus.PROGRAM_CHECK: "the CAW, a CCW or an address is not valid",
    ChannelStatus.PROTECTION_CHECK: "the key of the CAW does not match the storage key",
    ChannelStatus.CHANNEL_DATA_CHECK: "data arrived with an error",
    ChannelStatus.CHANNEL_CONTROL_CHECK: "the channel has failed",
    ChannelStatus.INTERFACE_CONTROL_CHECK: "the device has answered wrongly",
    ChannelStatus.CHAINING_CHECK: "the channel was too slow in chaining data",
}


def csw(data: bytes, title: str = "CSW") -> BitsView:
    """8 bytes.  GA22-7000 "Channel-Status Word"."""
    found = CSW.from_bytes(data)
    rows = [
        BitsRow("0-3", "key", f"{found.key:X}", "of the CAW"),
        BitsRow("6-7", "deferred condition code", str(found.deferred_cc), "of START I/O FAST RELEASE"),
        BitsRow(
            "8-31",
            "CCW address",
            f"{found.address:06X}",
            f"the last CCW used is at {found.address - 8:06X}, 8 bytes before" if found.address >= 8 else "no CCW",
        ),
        *(_status(32, flag, found.unit_status, meaning) for flag, meaning in _UNIT.items()),
        *(_status(40, flag, found.channel_status, meaning) for flag, meaning in _CHANNEL.items()),
        BitsRow(
            "48-63",
            "residual count",
            f"{found.residual:04X}",
            f"{found.residual} bytes of the last CCW's count were not used",
        ),
    ]
    return BitsView(title, words(data), tuple(rows))


def _status(first: int, flag: UnitStatus | ChannelStatus, status: int, meaning: str) -> BitsRow:
    name = (flag.name or "").lower().replace("_", " ").replace("program controlled interruption", "PCI")
    value = bool(status & flag)
    return BitsRow(str(first + 8 - int(flag).bit_length()), name, str(int(value)), meaning if value else "no")


# ---- keys, clocks, codes ---------------------------------------------------------------------------------------------


def storage_key(key: int, title: str = "storage key") -> BitsView:
    """A storage key, 7 bits.  GA22-7000 "Storage Key"."""
    rows = (
        BitsRow("0-3", "access control", f"{key >> 4:X}", "the PSW key that may store here, beside key 0"),
        BitsRow(
            "4",
            "fetch protection",
            str(key >> 3 & 1),
            on(key & Key.FETCH_PROTECTION, "fetches need the key, too", "anybody may fetch"),
        ),
        BitsRow(
            "5",
            "reference",
            str(key >> 2 & 1),
            on(key & Key.REFERENCE, "the block has been used", "not used since it was reset"),
        ),
        BitsRow(
            "6",
            "change",
            str(key >> 1 & 1),
            on(key & Key.CHANGE, "the block has been stored into", "not stored into since it was reset"),
        ),
    )
    return BitsView(title, f"{key:02X}", rows)


def clock(value: int, title: str = "TOD clock") -> BitsView:
    """The 64 bits of the TOD clock.  GA22-7000 "Time-of-Day Clock"."""
    microseconds = value >> 12
    rows = (
        BitsRow("0-31", "high word", f"{value >> 32:08X}", "counts about every 1.05 seconds"),
        BitsRow("32-51", "low part", f"{value >> 12 & 0xFFFFF:05X}", "bit 51 counts microseconds"),
        BitsRow("52-63", "fraction", f"{value & 0xFFF:03X}", "of a microsecond, as far as the model counts it"),
    )
    return BitsView(
        title,
        f"{value:016X}"[:8] + " " + f"{value:016X}"[8:],
        rows,
        (f"{microseconds:,} microseconds since the clock was zero",),
    )


_ENDINGS = {
    PIC.OPERATION: "suppression",
    PIC.PRIVILEGED_OPERATION: "suppression",
    PIC.EXECUTE: "suppression",
    PIC.PROTECTION: "suppression or termination",
    PIC.ADDRESSING: "suppression or termination",
    PIC.SPECIFICATION: "suppression; completion when a PSW that was loaded is not valid",
    PIC.DATA: "suppression or termination",
    PIC.FIXED_POINT_OVERFLOW: "completion",
    PIC.FIXED_POINT_DIVIDE: "suppression; completion of CONVERT TO BINARY",
    PIC.DECIMAL_OVERFLOW: "completion",
    PIC.DECIMAL_DIVIDE: "suppression",
    PIC.EXPONENT_OVERFLOW: "completion",
    PIC.EXPONENT_UNDERFLOW: "completion",
    PIC.SIGNIFICANCE: "completion",
    PIC.FLOATING_POINT_DIVIDE: "suppression",
    PIC.SEGMENT_TRANSLATION: "nullification",
    PIC.PAGE_TRANSLATION: "nullification",
    PIC.TRANSLATION_SPECIFICATION: "suppression",
    PIC.SPECIAL_OPERATION: "suppression",
    PIC.MONITOR_EVENT: "completion",
    PIC.PER_EVENT: "completion",
}
"""How the instruction ends.  GA22-7000 "Program Interruption", figure of conditions and endings."""

_EXTERNAL = {
    External.INTERRUPT_KEY: "the operator has pressed the INTERRUPT key; CR0 bit 25 allows it",
    External.INTERVAL_TIMER: "the word at real 80 has gone below zero; CR0 bit 24 allows it",
    External.CLOCK_COMPARATOR: "the TOD clock has passed the clock comparator; CR0 bit 20 allows it",
    External.CPU_TIMER: "the CPU timer is negative; CR0 bit 21 allows it",
    External.EMERGENCY_SIGNAL: "another CPU has sent an emergency signal; CR0 bit 17 allows it",
    External.EXTERNAL_CALL: "another CPU has sent an external call; CR0 bit 18 allows it",
    External.VMCF: "VM/370 only: a message of the virtual machine communication facility; CR0 bit 31 allows it",
}


def code(kind: Class, number: int) -> BitsView:
    """What an interruption code means.  GA22-7000 "Interruptions".  Raises UserError for one that does not exist."""
    match kind:
        case Class.PROGRAM:
            return _program_code(number)
        case Class.EXTERNAL:
            return _view(kind, number, external_words(number), _external_when(number))
        case Class.SVC:
            return _view(kind, number, f"supervisor call {number}", "the instruction SVC with this number")
        case _:
            return _view(kind, number, f"device {number:03X}", "the device has status to tell, and the PSW allows it")


def _external_when(number: int) -> str:
    names = [
        when for known, when in _EXTERNAL.items() if number == known or (number < 0x100 > known and number & known)
    ]
    if not names:
        raise UserError(f"{number:04X} is no external-interruption code; such as 0040, 0080, 1004, 1005")
    return "; ".join(names)


def _program_code(number: int) -> BitsView:
    """PER may come with another one: its bit, X'80', is added."""
    base = number & 0x7F or number
    if base not in set(PIC):
        raise UserError(f"{number:02X} is no program-interruption code; they go from 01 to 25, 40 and 80")
    pic = PIC(base)
    view = _view(Class.PROGRAM, number, pic.words, WHEN[pic])
    ending = _ENDINGS.get(pic)
    rows = (*view.rows, BitsRow("", "ending", ending, _ENDING_MEANS)) if ending else view.rows
    also = ("with it came a program event (PER), X'80'",) if number & 0x80 and base != 0x80 else ()
    return BitsView(view.title, view.value, rows, also)


_ENDING_MEANS = "completion: all is done; suppression: nothing is; nullification: nothing, and the old PSW points at it"


def _view(kind: Class, number: int, name: str, when: str) -> BitsView:
    rows = (
        BitsRow("", "name", name, f"{kind.value} interruption"),
        BitsRow("", "when", f"{number:04X}", when),
        BitsRow("", "PSWs", f"{kind.old_psw:02X}, {kind.new_psw:02X}", "real addresses of the old and of the new PSW"),
    )
    return BitsView(f"{kind.value} interruption code", f"{number:04X}", rows)
