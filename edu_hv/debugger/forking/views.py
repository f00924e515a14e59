"""What came of a fork, and what differs between two moments, as plain values."""

from dataclasses import dataclass

from edu_hv.debugger.forking.visible import Difference
from edu_hv.debugger.views import View


@dataclass(frozen=True, slots=True)
class StepPair:
    """One step of the guest on both sides, in words: "" on a side that has come to its end."""

    number: int
    """From 1, counted from where the two courses part."""
    left: str
    right: str
    """Who has done it: "executed directly", "PRV-2: simulate SSM"."""
    left_instruction: str
    right_instruction: str
    left_effects: tuple[str, ...]
    right_effects: tuple[str, ...]
    """What it has changed that the guest can see: "GR2 00000004 becomes 00000000"."""
    same: bool
    """The guest can see no difference behind it; of two courses that were not the same before, the step goes alike."""


@dataclass(frozen=True, slots=True)
class FirstDifference:
    """The first step behind which the guest could tell one course from the other."""

    number: int
    instruction: str
    differences: tuple[Difference, ...]
    why: str
    expected: str
    """Why it is to be expected of two machines that are both right; "" when it is not."""


@dataclass(frozen=True, slots=True)
class ForkView(View):
    """The same guest from the same moment in two worlds."""

    guest: str
    step: int
    """Where the two courses part."""
    left: str
    """What each of them is: "under CP", "on a bare machine"."""
    right: str
    taken: tuple[int, int]
    """Steps that the guest has taken on each side."""
    compared: str
    """Which steps were compared: "each step", "every 1,000 steps, and each of those before the first difference"."""
    pairs: tuple[StepPair, ...]
    at_once: tuple[Difference, ...]
    """What was not the same before the first step: what was done otherwise."""
    first: FirstDifference | None
    """None: no step is otherwise."""
    differences: tuple[Difference, ...]
    """All places that the guest can see and that differ at the end."""
    clocks: tuple[Difference, ...]
    """The clocks at the end: no two machines have them alike."""
    ended: tuple[str, str]
    """Why each side came to an end before; "" where it did not."""
    costs: tuple[tuple[str, int, int], ...] = ()
    """What it has cost on each side: name and figures."""
    real: tuple[Difference, ...] | None = None
    """What differs in the real machine; None when nobody asked."""
    notes: tuple[str, ...] = ()
    """What could not be carried over, and the like, a sentence each."""


@dataclass(frozen=True, slots=True)
class MomentsView(View):
    """What differs between two moments of a recording, or of two branches of it."""

    title: str
    guest: str
    left: str
    right: str
    differences: tuple[Difference, ...]
    blocks: tuple[Difference, ...]
    """Fields of CP's blocks for the guest, by VM/370's names."""
    event: str = ""
    """The first event that is not the same, of two branches."""
