"""The top row: which guest, where in the recording, why it stopped, in which states."""

import re

from edu_hv.debugger.views import StatusView
from edu_hv.isa.codes import PIC
from edu_hv_tui.text.rows import Row, between, length, row

RUNNING = "running... esc stops"
WITH_STAGE, WITH_LESSON = 100, 110
"""Columns from which the row says the stage and the lesson; below, the frames of their panes do."""

MAIN = "main"
"""The branch of the recording that is not named: there is no other at first."""

LONG_STEP = 20
"""Columns of the step and of the steps recorded that leave too little for the rest at 80 columns."""

CODES = {code.words: code.value for code in PIC}
CAUSE = r"\btrap ({})\b".format("|".join(sorted(map(re.escape, CODES), key=len, reverse=True)))

SHORTER = (
    (r"(at [0-9A-F]{6} \S+) .*", r"\1"),
    (r"\b(\w+) (operation|exception)\b", r"\1"),
    (r"\b(trap [0-9A-F]{2}) .* (at [0-9A-F]{6})", r"\1 \2"),
    (r" at ([0-9A-F]{6})", r" \1"),
    (r"\S+ is loaded and stands at its entry", "loaded, at its entry"),
    (r"the machine waits for an interruption that only its operator can bring", "waits for its operator"),
    (r"(waits for its operator): .*", r"\1"),
    (r"(disabled wait, PSW [0-9A-F]{8} [0-9A-F]{8}): .*", r"\1"),
    (r"disabled wait, PSW [0-9A-F]{8} [0-9A-F]{2}([0-9A-F]{6})", r"disabled wait \1"),
    (r"(steps) without a stop; (run goes on).*", r"\1; \2"),
    (r"(steps); run goes on", r"\1, no stop"),
    (r"[\d,]+ steps, no stop", "no stop"),
    (r"every guest has stopped in CP mode; .*", "all guests in CP mode"),
    (r"(no guest can run|check-stop): .*", r"\1"),
)
"""What gives way, in this order: operands, "operation", the words for a code, "at", advice, all but the wait code."""


def status_row(view: StatusView, width: int, lesson: str = "", running: bool = False) -> Row:
    """The status in one row of `width` columns.  Steps recorded are left out where they are the present step anyway."""
    step = f"step {view.step}/{view.total}"
    if view.step == view.total and len(step) > LONG_STEP and width < WITH_STAGE:
        step = f"step {view.step}"
    branch = f"branch {view.branch}  " if view.branch not in ("", MAIN) else ""
    head = f" {_guest(view)}  {step}  {branch}"
    states = f"guest {view.guest_state} | real {view.real_state} "
    stage = f"stage: {view.stage}" if view.stage and width >= WITH_STAGE else ""
    extra = [words for words in (stage, lesson if width >= WITH_LESSON else "") if words]
    right = row(("  " + "".join(f"{words}   " for words in extra), "bar"), (states, "bar-key"))
    if running:
        stop, right = (RUNNING, "bar-trap"), row()  # the states were those before it began
    else:
        words = shortened(view.stop, width - len(head) - length(right) - len("STOP "))
        stop = ("STOP " + words, "bar-trap" if "trap" in view.stop.lower() or view.stage else "bar")
    return between(row((head, "bar"), stop), right, width, "bar")


def shortened(stop: str, room: int) -> str:
    """Why it stopped, in at most `room` columns where the rules can do that.

    Words give way first, then operands; where it was, the mnemonic and the code of a program interruption stay.
    """
    stop = re.sub(r" \(stage \w+\)$", "", stop)
    stop = stop.replace("trap: program: ", "trap ").replace("trap: ", "trap ").replace("program: ", "trap ")
    stop = re.sub(CAUSE, lambda found: f"trap {CODES[found[1]]:02X} {found[1]}", stop)
    for pattern, shorter in SHORTER:
        if len(stop) <= room:
            break
        stop = re.sub(pattern, shorter, stop)
    return stop


def _guest(view: StatusView) -> str:
    if len(view.guests) < 2 or view.guest not in view.guests:
        return view.guest
    return f"{view.guest} {view.guests.index(view.guest) + 1}/{len(view.guests)}"
