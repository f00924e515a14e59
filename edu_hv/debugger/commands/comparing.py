"""Commands that show the guest's values beside the real ones."""

from collections.abc import Iterable

from edu_hv.debugger import comparing
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.comparing.views import ComparisonView
from edu_hv.debugger.session import DebugSession


def _topics(session: DebugSession) -> Iterable[str]:
    return [*(f"{topic.name}\t{topic.title}" for topic in comparing.TOPICS), f"{comparing.ALL}\tall of them"]


def _topic(session: DebugSession, text: str) -> str:
    found = comparing.find(text)
    return found[0].name if len(found) == 1 else comparing.ALL


_TOPIC = Argument("TOPIC", _topic, _topics, optional=True, default=comparing.ALL, kind="topic")


@command(
    "both",
    _TOPIC,
    group="look",
    aliases=("beside",),
    examples=(
        "both timers : the guest's timers, the real ones, and what CP uses those for",
        "both keys : the storage key of each page as the guest is told, in its frame, and in the swap table",
        "both devices : each virtual device with its state, and the real device behind it",
    ),
)
def both(session: DebugSession, topic: str) -> ComparisonView:
    """Guest, real and why, side by side: PSW, registers, timers, addresses, storage keys, devices, pending, assist.

    TOPIC is psw, registers (general), floating, control, timers, addresses, keys, devices, pending or assist; without
    it you see all.  Why says in which block CP keeps the guest's value, and by which of its rules the real one is what
    it is.  On the bare machine there is no CP, and each value is there once.
    """
    return session.both(topic)


@command(
    "differs",
    _TOPIC,
    group="look",
    aliases=("d",),
    keys="d",
    examples=(
        "differs : all that is not the same for the guest and in the real machine",
        "differs timers : the same of one topic",
    ),
)
def differs(session: DebugSession, topic: str) -> ComparisonView:
    """Only the values that differ between the guest and the real machine, with the reason.

    TOPIC is one of those of "both"; without it all are looked at.
    """
    return session.differs(topic)
