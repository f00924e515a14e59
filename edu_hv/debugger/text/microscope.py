"""The address microscope as lines of text."""

from edu_hv.debugger.microscope.views import (
    AccessView,
    EntryView,
    FrameView,
    MicroscopeView,
    PageRange,
    PagesView,
    RungView,
)
from edu_hv.debugger.system import BARE
from edu_hv.debugger.text.lines import lines_of, wrap


@lines_of.register
def _microscope(view: MicroscopeView, width: int) -> list[str]:
    lines = wrap(f"{_owner(view.guest)}: {view.address:06X} is {view.space}", width, "", "  ")
    for number, rung in enumerate(view.rungs, 1):
        lines += _rung(number, rung, width)
    if view.place and not any(view.place in rung.remarks for rung in view.rungs):
        lines += wrap(view.place, width, "", "  ")
    for key in view.keys:
        lines += wrap(key, width, "key    ", "         ")
    for flag in view.flags:
        lines += wrap(flag, width, "flag   ", "         ")
    for access in view.accesses:
        lines += _access(access, width)
    return lines + (wrap(view.remark, width, "access ", "         ") if view.remark else [])


def _rung(number: int, rung: RungView, width: int) -> list[str]:
    leads = f"{rung.result:06X}" if rung.result is not None else f"nowhere: {rung.exception} exception"
    lines = wrap(f"{rung.address:06X} to {leads}: {rung.title}", width, f"{number}. ", "   ")
    remarks = rung.remarks
    for remark in remarks[:1]:
        lines += wrap(remark, width, "   ", "     ")
    for entry in rung.entries:
        lines += _entry(entry, width)
    for remark in remarks[1:]:
        lines += wrap(remark, width, "   ", "     ")
    return lines


def _entry(entry: EntryView, width: int) -> list[str]:
    where = f" at {entry.where}" if entry.where else ""
    return wrap(f"{entry.name}{where}: {entry.value}, {entry.words}", width, "   ", "     ")


def _access(access: AccessView, width: int) -> list[str]:
    return wrap(access.sentence, width, f"{access.kind:<6} ", "         ")


@lines_of.register
def _frame(view: FrameView, width: int) -> list[str]:
    same = "" if view.real == view.absolute else f" (absolute {view.absolute:06X})"
    lines = wrap(f"real {view.real:06X}{same}: {view.owner}", width, "", "  ")
    for line in view.lines:
        lines += wrap(line, width, "  ", "    ")
    return lines


@lines_of.register
def _pages(view: PagesView, width: int) -> list[str]:
    lines = wrap(f"pages of {_owner(view.guest)}: {view.title}", width, "", "  ")
    for each in view.ranges:
        lines += wrap(each.state, width, f"  {_numbers(each)}  ", "    ")
    return lines


def _owner(guest: str) -> str:
    return "the bare machine" if guest == BARE else guest


def _numbers(each: PageRange) -> str:
    return f"{each.first:03X}" if each.first == each.last else f"{each.first:03X} to {each.last:03X}"
