"""Guest, real and why as lines of text."""

from collections.abc import Iterable
from dataclasses import replace

from edu_hv.debugger.comparing.views import ComparedTopic, ComparisonView
from edu_hv.debugger.text.lines import compared, lines_of, table, wrap
from edu_hv.debugger.views import ComparedValue

AS_ABOVE = "as above"


@lines_of.register
def _comparison(view: ComparisonView, width: int) -> list[str]:
    lines = wrap(_heading(view), width, "", "  ")
    for topic in view.topics:
        lines += _topic(topic, view.bare, width)
    if view.same:
        lines += wrap(f"nothing differs in: {', '.join(view.same)}", width, "", "  ")
    return lines


def _heading(view: ComparisonView) -> str:
    if view.bare:
        return "the bare machine: there is no CP, so what the program sees is what is there"
    what = "what differs" if view.only_differing else "guest, real and why"
    return f"{view.guest}: {what}"


def _topic(topic: ComparedTopic, bare: bool, width: int) -> list[str]:
    lines = wrap(f"{topic.title}; the guest's: {topic.where}" if topic.where else topic.title, width, "", "  ")
    if not topic.values:
        return [*lines, "  none"]
    if bare:
        rows = [(value.name, value.real) for value in topic.values]
        return lines + table(("", "value"), rows, width)
    return lines + compared(_at_length(topic.values), width)


def _at_length(values: Iterable[ComparedValue]) -> list[ComparedValue]:
    """With the sentences; a sentence that is that of the row before is not told again."""
    found: list[ComparedValue] = []
    last = ""
    for value in values:
        words = value.sentence or value.why
        found.append(replace(value, why=AS_ABOVE if words == last and value.sentence else words))
        last = words
    return found
