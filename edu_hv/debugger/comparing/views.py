"""What a comparison shows: topics, each with its values as the guest has them, as they really are, and why."""

from dataclasses import dataclass

from edu_hv.debugger.views import ComparedValue, View


@dataclass(frozen=True, slots=True)
class ComparedTopic:
    """The values of one topic."""

    name: str
    """The word for it on a command line: "timers"."""
    title: str
    """"timers and clocks"."""
    values: tuple[ComparedValue, ...]
    where: str = ""
    """Where the guest's are kept, for all of them: "VMPSW in its VMBLOK"."""


@dataclass(frozen=True, slots=True)
class ComparisonView(View):
    """Guest, real and why of some topics; or, with `only_differing`, what of it differs."""

    guest: str
    topics: tuple[ComparedTopic, ...]
    only_differing: bool = False
    same: tuple[str, ...] = ()
    """With `only_differing`: the titles of the topics in which nothing differs."""
    bare: bool = False
    """There is no CP: each value is there once."""
