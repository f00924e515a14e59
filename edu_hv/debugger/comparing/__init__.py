"""Guest, real, why: every value that a guest has beside what there really is, and the block or rule that explains it.

A topic is a module with a function that takes the session and gives `ComparedValue`s; TOPICS has them all.  Looking
changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edu_hv.debugger.comparing import addresses, assist, devices, keys, pending, psw, registers, timers
from edu_hv.debugger.comparing.views import ComparedTopic, ComparisonView
from edu_hv.debugger.views import ComparedValue
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

__all__ = ["ALL", "TOPICS", "ComparedTopic", "ComparisonView", "Topic", "compare", "differences", "find"]

ALL = "all"


@dataclass(frozen=True, slots=True)
class Topic:
    """What can be compared."""

    name: str
    title: str
    values: "Callable[[DebugSession], list[ComparedValue]]"
    where: "Callable[[DebugSession], str]"
    """Where the guest's are kept; "" when each row says it."""

    def of(self, session: "DebugSession") -> ComparedTopic:
        """The values of a session."""
        where = self.where(session) if session.system.cp is not None else ""
        return ComparedTopic(self.name, self.title, tuple(self.values(session)), where)


def _each(session: "DebugSession") -> str:
    """Each row says where its value is."""
    return ""


TOPICS: tuple[Topic, ...] = (
    Topic("psw", "PSW", psw.values, psw.where),
    Topic("registers", "general registers", registers.general, registers.where_general),
    Topic("floating", "floating-point registers", registers.floating, registers.where_floating),
    Topic("control", "control registers", registers.control, registers.where_control),
    Topic("timers", "timers and clocks", timers.values, _each),
    Topic("addresses", "addresses", addresses.values, _each),
    Topic("keys", "storage keys", keys.values, _each),
    Topic("devices", "channels and devices", devices.values, _each),
    Topic("pending", "pending interruptions", pending.values, _each),
    Topic("assist", "VM assist", assist.values, _each),
)


def find(word: str) -> tuple[Topic, ...]:
    """The topics of a word, which may be shortened; all of them for ALL.  Raises UserError for an unknown one."""
    if word.lower() == ALL:
        return TOPICS
    found = tuple(topic for topic in TOPICS if topic.name.startswith(word.lower()))
    if len(found) == 1:
        return found
    names = ", ".join(topic.name for topic in TOPICS)
    shown = word if len(word) <= 40 else f"{word[:37]}..."
    raise UserError(f'"{shown}" is {"more than one" if found else "no"} topic; there are {names}, {ALL}')


def compare(session: "DebugSession", word: str = ALL) -> ComparisonView:
    """Guest, real and why of a topic, or of all.  Raises UserError for an unknown topic, or with nothing loaded."""
    topics = tuple(topic.of(session) for topic in find(word))
    return ComparisonView(session.selected, topics, bare=session.system.cp is None)


def differences(session: "DebugSession", word: str = ALL) -> ComparisonView:
    """The same, but only the values that differ."""
    whole = compare(session, word)
    left = [replace(topic, values=tuple(v for v in topic.values if v.differs)) for topic in whole.topics]
    topics = tuple(topic for topic in left if topic.values)
    same = tuple(topic.title for topic in left if not topic.values)
    return ComparisonView(whole.guest, topics, True, same, whole.bare)
