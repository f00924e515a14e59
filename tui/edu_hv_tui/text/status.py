"""The top row: which guest, where in the recording, why it stopped, in which states."""

from edu_hv.debugger.views import StatusView
from edu_hv_tui.text.rows import Row, between, row

RUNNING = "running... esc stops"


def status_row(view: StatusView, width: int, lesson: str = "", running: bool = False) -> Row:
    """The status in one row of `width` columns."""
    step = f"step {view.step:,}/{view.total:,}"
    if running:
        stop = (RUNNING, "bar-trap")
    else:
        role = "bar-trap" if "trap" in view.stop.lower() or view.stage else "bar"
        stop = ("STOP " + view.stop, role)
    left = row((f" {_guest(view)}  {step}  ", "bar"), stop)
    states = f"guest {view.guest_state} | real {view.real_state} "
    extra = [words for words in (f"stage: {view.stage}" if view.stage else "", lesson if width >= 110 else "") if words]
    right = row(("  " + "".join(f"{words}   " for words in extra), "bar"), (states, "bar-key"))
    return between(left, right, width, "bar")


def _guest(view: StatusView) -> str:
    if len(view.guests) < 2 or view.guest not in view.guests:
        return view.guest
    return f"{view.guest} {view.guests.index(view.guest) + 1}/{len(view.guests)}"
