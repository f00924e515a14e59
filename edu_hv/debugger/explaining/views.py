"""What explaining shows."""

from dataclasses import dataclass

from edu_hv.debugger.views import View


@dataclass(frozen=True, slots=True)
class OperandView:
    """One operand of an instruction."""

    name: str
    """"operand 2", "GR5", "mask"."""
    computed: str
    """How its address comes about: "GR12 00000206 + displacement 01C = 000222"; "" for what has none."""
    what: str
    """What is there and how it is reached: "4 bytes, key 0, real 3F4222"."""
    before: str
    """Hexadecimal digits, or why there is no value."""
    after: str = ""
    """Hexadecimal digits where the step changes them, else ""."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the next step does, found by executing it: for checks and scripts."""

    units: int
    """Units (stages) of the step; 0 when nothing can happen."""
    next_address: int
    """The address in the guest's PSW afterwards."""
    gr: tuple[int, ...]
    cr: tuple[int, ...]
    """The guest's registers afterwards."""
    cc: int
    stores: tuple[tuple[int, bytes, bytes], ...]
    """Absolute address, old and new contents, in order."""
    trap: str = ""
    """"program: privileged operation", "supervisor call 5"; "" for no interruption."""
    rules: tuple[str, ...] = ()
    """Ids of CP's rules, in order."""


@dataclass(frozen=True, slots=True)
class ExplainView(View):
    """What the next step will do, with these operands, in this state."""

    guest: str
    step: int
    """The number the step will have."""
    title: str
    """"000206 SSM CHANNELS: Set system mask, privileged", or what there is in place of an instruction."""
    operands: tuple[OperandView, ...] = ()
    sentences: tuple[str, ...] = ()
    """What will happen, and why, in order."""
    prediction: Prediction | None = None


@dataclass(frozen=True, slots=True)
class BitsRow:
    """A field: its bits, its name, its value, what that means."""

    bits: str
    name: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class BitsView(View):
    """A word of the architecture taken apart."""

    title: str
    value: str
    rows: tuple[BitsRow, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CauseLink:
    """One link of the chain from a failure back to what made it inevitable."""

    sentence: str
    step: int | None = None
    """The step it happened in; None for what was so from the start."""

    @property
    def command(self) -> str:
        """The command that goes there, to the moment before it; "" when there is nowhere to go."""
        return "" if self.step is None else f"goto {max(self.step - 1, 0)}"


@dataclass(frozen=True, slots=True)
class CauseView(View):
    """A failure, the chain that led to it, and the likely fix."""

    guest: str
    failure: str
    links: tuple[CauseLink, ...]
    """The last one is what made it inevitable."""
    fix: str = ""
    planned: bool = False
    """It is perhaps no failure: the program ended so, and nothing is known that went wrong before."""

    what: str = ""
    """What went wrong, in a few words: "addressing exception at 000240 L 3,0(2)"; "" where `failure` says it."""

    @property
    def short(self) -> str:
        """One part of a sentence, with the last step that can be gone to: "because ...; goto 811"."""
        if not self.links:
            return ""
        root = next((link for link in reversed(self.links) if link.command), self.links[-1])
        why = root.sentence if self.what in ("", root.sentence) else f"of {self.what}: {root.sentence}"
        return f"because {why}" + (f"; {root.command}" if root.command else "")
