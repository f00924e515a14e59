"""What explaining shows, as lines of text: in sentences, so that nothing depends on where a word stands."""

from edu_hv.debugger.explaining.views import BitsRow, BitsView, CauseLink, CauseView, ExplainView, OperandView
from edu_hv.debugger.text.lines import lines_of, wrap


@lines_of.register
def _explained(view: ExplainView, width: int) -> list[str]:
    who = "" if view.guest in ("", "bare") else f" of {view.guest}"
    lines = wrap(f"step {view.step:,}{who}: {view.title}", width, "", "  ")
    for operand in view.operands:
        lines += wrap(_operand(operand), width, "  ", "      ")
    for sentence in view.sentences:
        lines += wrap(sentence, width, "- ", "  ")
    return lines


def _operand(operand: OperandView) -> str:
    parts = [part for part in (operand.computed, operand.what) if part]
    value = operand.before + (f", becomes {operand.after}" if operand.after else "")
    return f"{operand.name}: {'; '.join([*parts, value])}"


@lines_of.register
def _bits(view: BitsView, width: int) -> list[str]:
    lines = wrap(f"{view.title}: {view.value}", width, "", "  ")
    for row in view.rows:
        lines += wrap(_row(row), width, "  ", "      ")
    for remark in view.remarks:
        lines += wrap(remark, width, "- ", "  ")
    return lines


def _row(row: BitsRow) -> str:
    bits = f"bit {row.bits} " if row.bits.isdigit() else f"bits {row.bits} " if row.bits else ""
    return f"{bits}{row.name} = {row.value}: {row.meaning}"


@lines_of.register
def _cause(view: CauseView, width: int) -> list[str]:
    who = "" if view.guest in ("", "bare") else f"{view.guest}: "
    lines = wrap(f"{who}{view.failure}", width, "", "  ")
    for link in view.links:
        lines += wrap(_link(link), width, "- because ", "  ")
    if any(link.command for link in view.links):
        lines += wrap("each goto goes to the moment before that step", width)
    if view.fix:
        lines += wrap(view.fix, width, "likely fix: ", "  ")
    return lines


def _link(link: CauseLink) -> str:
    return f"{link.sentence} ({link.command})" if link.command else link.sentence
