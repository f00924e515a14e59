"""Recordings as text: what a replay shows, a line for each moment, and what was answered below it."""

from edu_hv.debugger.files.replay import CONSOLE, INPUT, MARK, STOP, Moment, ReplayView
from edu_hv.debugger.text.lines import lines_of, wrap

_WHO = {INPUT: "you", CONSOLE: "console", MARK: "mark", STOP: "stop"}


@lines_of.register
def _replay(view: ReplayView, width: int) -> list[str]:
    head = f"branch {view.branch}, steps {view.first:,} to {view.last:,} of {view.total:,}"
    if not view.moments:
        return wrap(f"{head}: nothing was given, and no console showed anything", width, "", "  ")
    lines = wrap(f"{head}:", width, "", "  ")
    for moment in view.moments:
        lines += _moment(moment, width)
    return lines


def _moment(moment: Moment, width: int) -> list[str]:
    first, *answer = moment.words.split("\n")
    whose = f" ({moment.guest})" if moment.guest else ""
    start = f"step {moment.step:,}, {_WHO[moment.kind]}{whose}: {first}"
    return [*wrap(start, width, "", "  "), *(line for each in answer for line in wrap(each, width, "  ", "    "))]
