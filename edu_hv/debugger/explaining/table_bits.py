"""Segment- and page-table entries and control registers, bit by bit.  GA22-7000 "Dynamic Address Translation" and
"Control Registers"."""

from collections.abc import Callable

from edu_hv.debugger.explaining.bits import on
from edu_hv.debugger.explaining.views import BitsRow, BitsView
from edu_hv.isa.codes import CR0
from edu_hv.isa.errors import UserError
from edu_hv.machine.dat import COMMON_SEGMENT, SEGMENT_INVALID, SEGMENT_ZERO_BITS, TableFormat, table_format
from edu_hv.machine.micblok import CR6

_NO_FORMAT = (
    "control register 0 bits 8-12 name no table format, so the entry cannot be read; 10000 is 4K pages, 64K segments"
)


def format_of(cr0: int) -> TableFormat:
    """The table format of control register 0.  Raises UserError when it names none."""
    found = table_format(cr0)
    if found is None:
        raise UserError(_NO_FORMAT)
    return found


def sizes(layout: TableFormat) -> str:
    """ "4K pages, 64K segments"."""
    pages = "4K" if layout.page_shift == 12 else "2K"
    return f"{pages} pages, {'1M' if layout.segment_shift == 20 else '64K'} segments"


def segment_entry(entry: int, cr0: int, title: str = "segment-table entry") -> BitsView:
    """4 bytes.  GA22-7000 "Segment-Table Entries"."""
    layout = format_of(cr0)
    length = (entry >> 28) + 1
    pages = max(layout.pages_in_segment * length // 16, 1)
    rows = (
        BitsRow(
            "0-3",
            "page-table length",
            f"{entry >> 28:X}",
            f"{length} sixteenths of a segment: {pages} pages have entries",
        ),
        BitsRow(
            "4-7",
            "must be zero",
            f"{entry >> 24 & 15:04b}",
            on(entry & SEGMENT_ZERO_BITS, "translation specification", "as they must be"),
        ),
        BitsRow("8-28", "page-table origin", f"{entry & 0xFFFFF8:06X}", "real address of the page table"),
        BitsRow("29", "segment protection", str(entry >> 2 & 1), "not installed: ignored"),
        BitsRow(
            "30",
            "common segment",
            str(entry >> 1 & 1),
            on(entry & COMMON_SEGMENT, "the same in all address spaces", "of this address space"),
        ),
        BitsRow(
            "31",
            "invalid",
            str(entry & 1),
            on(entry & SEGMENT_INVALID, "segment-translation exception, code 0010", "valid"),
        ),
    )
    return BitsView(f"{title}, {sizes(layout)}", f"{entry:08X}", rows)


def page_entry(entry: int, cr0: int, title: str = "page-table entry") -> BitsView:
    """2 bytes.  GA22-7000 "Page-Table Entries"."""
    layout = format_of(cr0)
    bits = 12 if layout.page_shift == 12 else 13
    invalid, zeros = bool(entry & layout.invalid_bit), entry & layout.zero_bits
    zero_bits = "13-14" if bits == 12 else "14"
    rows = (
        BitsRow(
            f"0-{bits - 1}",
            "page frame",
            f"{(entry & layout.frame_mask) >> 16 - bits:03X}",
            "of no meaning: the entry is invalid"
            if invalid
            else f"the page is at real {(entry & layout.frame_mask) << 8:06X}",
        ),
        BitsRow(str(bits), "invalid", str(int(invalid)), on(invalid, "page-translation exception, code 0011", "valid")),
        BitsRow(
            zero_bits,
            "must be zero",
            f"{zeros >> 1:b}",
            on(zeros, "translation specification exception", "as they must be"),
        ),
        BitsRow("15", "for programs", str(entry & 1), "the machine ignores it"),
    )
    return BitsView(f"{title}, {sizes(layout)}", f"{entry:04X}", rows)


def control_register(number: int, value: int, title: str = "") -> BitsView:
    """One of the 16 control registers.  GA22-7000 "Control Registers", figure of assignments."""
    make = _ROWS.get(number)
    rows = make(value) if make else [BitsRow("0-31", "not assigned", f"{value:08X}", "nothing uses it on this machine")]
    return BitsView(title or f"control register {number}", f"{value:08X}", tuple(rows))


def _mask(value: int, bit: int, name: str, yes: str, no: str) -> BitsRow:
    flag = value >> (31 - bit) & 1
    return BitsRow(str(bit), name, str(flag), on(flag, yes, no))


def _subclass(value: int, bit: int, name: str) -> BitsRow:
    return _mask(value, bit, f"{name} mask", "allowed, where PSW bit 7 allows external interruptions", "not allowed")


def _cr0(value: int) -> list[BitsRow]:
    layout = table_format(value)
    format_bits = (value & CR0.TRANSLATION_FORMAT) >> 19
    meaning = sizes(layout) if layout else "no format: translation specification exception when DAT is on"
    return [
        _mask(
            value, 0, "block multiplexing", "block-multiplexer channels may interleave", "they act as selector channels"
        ),
        _mask(value, 1, "SSM suppression", "SSM is a special-operation exception", "SSM is executed"),
        _mask(value, 4, "extraction authority", "allows it in problem state", "not in problem state"),
        _mask(value, 5, "secondary space", "instructions of two address spaces are allowed", "not allowed"),
        BitsRow("8-12", "translation format", f"{format_bits:05b}", meaning),
        _subclass(value, 17, "emergency signal"),
        _subclass(value, 18, "external call"),
        _subclass(value, 20, "clock comparator"),
        _subclass(value, 21, "CPU timer"),
        _subclass(value, 24, "interval timer"),
        _subclass(value, 25, "interrupt key"),
        _subclass(value, 26, "external signal"),
        _mask(value, 31, "VMCF mask (virtual machines)", "messages of VMCF are allowed", "not allowed"),
    ]


def _designation(value: int) -> list[BitsRow]:
    entries = ((value >> 24) + 1) * 16
    return [
        BitsRow("0-7", "segment-table length", f"{value >> 24:02X}", f"{entries} entries"),
        BitsRow("8-25", "segment-table origin", f"{value & 0xFFFFC0:06X}", "real address of the segment table"),
        _mask(value, 31, "space-switch event", "a change of address space interrupts", "no interruption"),
    ]


def _channels(value: int) -> list[BitsRow]:
    allowed = [str(n) for n in range(32) if value & 0x80000000 >> n]
    which = "all channels" if len(allowed) == 32 else f"channels {', '.join(allowed)}" if allowed else "no channel"
    return [BitsRow("0-31", "channel masks", f"{value:08X}", f"{which} may interrupt, where the PSW allows I/O")]


def _monitor(value: int) -> list[BitsRow]:
    classes = [str(n) for n in range(16) if value & 0x8000 >> n]
    return [
        BitsRow(
            "16-31",
            "monitor masks",
            f"{value & 0xFFFF:04X}",
            f"monitor classes {', '.join(classes) or 'none'} interrupt",
        )
    ]


def _per(value: int) -> list[BitsRow]:
    names = ("successful branching", "instruction fetching", "storage alteration", "general-register alteration")
    rows = [_mask(value, n, name, "is recorded", "is not") for n, name in enumerate(names)]
    return [*rows, BitsRow("16-31", "general registers", f"{value & 0xFFFF:04X}", "those whose alteration is recorded")]


def _assist(value: int) -> list[BitsRow]:
    """SY20-0886 "Control Register 6"."""
    return [
        _mask(value, 0, "VM assist", "CP has turned it on", "off"),
        _mask(value, 1, "virtual problem state", "the guest is in problem state", "the guest is in supervisor state"),
        _mask(value, 2, "no storage keys", "ISK, SSK and RRB come to CP", "the assist does ISK, SSK and RRB"),
        _mask(
            value, 3, "System/360", "what System/370 added comes to CP", "the assist does what System/370 added, too"
        ),
        _mask(value, 4, "no SVC", "supervisor calls come to CP", "the assist reflects supervisor calls"),
        _mask(value, 5, "shadow tables", "CR1 names shadow tables, which the assist may fill", "CR1 names none"),
        _mask(value, 6, "CP assist", "on, but this machine has none", "off"),
        _mask(value, 7, "virtual timer", "on, but this machine does not count it down", "off"),
        BitsRow("8-28", "MICBLOK", f"{value & CR6.MICBLOK:06X}", "real address of what the assist knows of the guest"),
    ]


def _machine_check(value: int) -> list[BitsRow]:
    return [
        _mask(value, 0, "check stop", "a failure that cannot interrupt stops the CPU", "it does not"),
        _mask(value, 1, "synchronous logout", "on", "off"),
        _mask(value, 4, "recovery", "reports of recovery interrupt", "they wait"),
        _mask(value, 5, "degradation", "reports of degradation interrupt", "they wait"),
        _mask(value, 6, "external damage", "external damage interrupts", "it waits"),
        _mask(value, 7, "warning", "warnings interrupt", "they wait"),
        _mask(value, 12, "ASN translation", "allowed", "not allowed"),
    ]


_ROWS: dict[int, Callable[[int], list[BitsRow]]] = {
    0: _cr0,
    1: _designation,
    2: _channels,
    7: _designation,
    8: _monitor,
    9: _per,
    10: lambda value: [BitsRow("8-31", "PER starting address", f"{value & 0xFFFFFF:06X}", "where the range begins")],
    11: lambda value: [BitsRow("8-31", "PER ending address", f"{value & 0xFFFFFF:06X}", "where the range ends")],
    3: lambda value: [
        BitsRow("0-15", "PSW-key mask", f"{value >> 16:04X}", "keys that SPKA and MVCK may use in problem state"),
        BitsRow("16-31", "secondary ASN", f"{value & 0xFFFF:04X}", "number of the secondary address space"),
    ],
    4: lambda value: [
        BitsRow("0-15", "authorization index", f"{value >> 16:04X}", "into authority tables"),
        BitsRow("16-31", "primary ASN", f"{value & 0xFFFF:04X}", "number of the primary address space"),
    ],
    5: lambda value: [
        _mask(value, 0, "subsystem linkage", "PC and PT are allowed", "not allowed"),
        BitsRow("8-24", "linkage-table origin", f"{value & 0xFFFF80:06X}", "real address"),
        BitsRow("25-31", "linkage-table length", f"{value & 0x7F:02X}", "in units of 32 entries, less one"),
    ],
    6: _assist,
    14: _machine_check,
    15: lambda value: [BitsRow("8-28", "MCEL address", f"{value & 0xFFFFF8:06X}", "where a machine check logs out")],
}
