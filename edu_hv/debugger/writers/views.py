"""What the commands about writers show."""

from dataclasses import dataclass

from edu_hv.debugger.views import Layer, View


@dataclass(frozen=True, slots=True)
class MadeOfView:
    """An operand of a write: "GR3 = 00000200"; the number that `follow` takes."""

    number: int
    text: str
    copied: bool = False
    """The value is a copy of it."""


@dataclass(frozen=True, slots=True)
class WriterView(View):
    """Who wrote something last.  `step` None: nobody has since the recording began."""

    location: str
    guest: str
    """Whose it is; "" for the real machine or the bare one."""
    position: int
    """The step up to which was searched."""
    step: int | None
    layer: Layer | None
    by: str
    old: str
    new: str
    details: tuple[str, ...] = ()
    operands: tuple[MadeOfView, ...] = ()
    trail: tuple[str, ...] = ()
    """How one came here: the answers followed, first to last, if there were more than one."""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class WriteRow:
    """One write in a list."""

    number: int
    step: int
    layer: Layer
    by: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class WritersView(View):
    """The last writes of something, oldest first; `more`: there are others before."""

    location: str
    guest: str
    rows: tuple[WriteRow, ...]
    more: bool
    remark: str = ""


@dataclass(frozen=True, slots=True)
class ChainView(View):
    """Where a value came from, copy by copy, latest first; `end`: why it is not followed further."""

    location: str
    guest: str
    links: tuple[WriterView, ...]
    end: str
