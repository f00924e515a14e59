"""What a key means where it is pressed: the places in its command line are filled from the screen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edu_hv.isa.errors import UserError
from edu_hv_tui.keys import Key
from edu_hv_tui.text.things import Thing


@dataclass(frozen=True)
class Here:
    """What the screen knows when a key is pressed."""

    cursor: int | None
    """Address under the cursor of the code pane."""
    pane: str
    """Number of the pane with the focus."""
    thing: Thing | None
    """What is under the cursor of that pane."""
    guests: tuple[str, ...]
    guest: str
    marks: Mapping[str, int]
    """Names and their steps, in the order in which they were given."""
    step: int
    returned: str
    """The mark that was returned to last."""


def filled(key: Key, here: Here) -> str:
    """The command line of a key; one that ends in a blank is to be completed by hand.

    Raises UserError with a sentence where there is nothing to fill it with.
    """
    places: dict[str, Callable[[Here], str]] = {
        "cursor": _cursor,
        "thing": lambda at: at.thing.who if at.thing else "",
        "explain": _explain,
        "guest": _next_guest,
        "new": lambda at: new_mark(at.marks),
        "mark": lambda at: earlier_mark(at.marks, at.step, at.returned),
    }
    try:
        values = {name: find(here) for name, find in places.items() if "{" + name + "}" in key.line}
    except UserError as error:
        raise UserError(f"{key.shown}: {error}") from error
    return key.line.format(**values)


def _cursor(here: Here) -> str:
    if here.cursor is None:
        raise UserError("there is no code under the cursor here")
    return f"{here.cursor:06X}"


def _explain(here: Here) -> str:
    if here.pane == "3":
        return "explain trap"
    return here.thing.explain if here.thing else "explain"


def _next_guest(here: Here) -> str:
    if not here.guests:
        return ""
    at = here.guests.index(here.guest) if here.guest in here.guests else -1
    return here.guests[(at + 1) % len(here.guests)]


def new_mark(marks: Mapping[str, int]) -> str:
    """The first name of its kind that is free: m1, m2."""
    return next(name for n in range(1, len(marks) + 2) if (name := f"m{n}") not in marks)


def earlier_mark(marks: Mapping[str, int], step: int, returned: str) -> str:
    """The mark made last that is elsewhere; of those, after a return, the one made before that one; then around."""
    order = list(marks)
    if not order:
        raise UserError("no moment is marked yet; m marks this one")
    begin = order.index(returned) if marks.get(returned) == step else 0
    around = [order[begin - n] for n in range(1, len(order) + 1)]
    return next((name for name in around if marks[name] != step), order[begin - 1])
