"""Who wrote something, as lines of text."""

from edu_hv.debugger.text.lines import lines_of, table, wrap
from edu_hv.debugger.writers.views import ChainView, WritersView, WriterView


def _title(location: str, guest: str) -> str:
    return f"{location} of {guest}" if guest else location


@lines_of.register
def _writer(view: WriterView, width: int) -> list[str]:
    lines = wrap(" <- ".join(view.trail), width, "trail: ", "       ") if view.trail else []
    title = _title(view.location, view.guest)
    if view.step is None:
        return [*lines, *wrap(f"{title}: {view.remark}", width, "", "  ")]
    layer = view.layer.value if view.layer else ""
    lines += wrap(f"{title}: last written at step {view.step:,}, by {view.by}", width, "", "  ")
    same = " (the same value)" if view.old == view.new else ""
    lines += wrap(f"{view.old} -> {view.new}{same}; layer: {layer}", width, "  ", "    ")
    for detail in view.details:
        lines += wrap(detail, width, "  ", "    ")
    if view.operands:
        lines.append("  made of:")
    for operand in view.operands:
        copied = ", of which it is a copy" if operand.copied else ""
        lines += wrap(f"{operand.number} {operand.text}{copied}", width, "    ", "      ")
    if view.remark:
        lines += wrap(view.remark, width, "  ", "    ")
    more = f", follow 1{'' if len(view.operands) == 1 else f' to {len(view.operands)}'}" if view.operands else ""
    return lines + wrap(f"next: goto {view.step}, jump{more}", width, "  ", "    ")


@lines_of.register
def _writers(view: WritersView, width: int) -> list[str]:
    title = _title(view.location, view.guest)
    if not view.rows:
        return wrap(f"{title}: no step has written it{f'; {view.remark}' if view.remark else ''}", width, "", "  ")
    before = "; there are others before" if view.more else ", all there are"
    count = f"the last {len(view.rows):,} writes" if len(view.rows) > 1 else "one write"
    rows = [(str(row.number), f"{row.step:,}", row.layer.value, f"{row.old} -> {row.new}", row.by) for row in view.rows]
    lines = wrap(f"{title}: {count}{before}", width, "", "  ")
    lines += table(("", "step", "layer", "value", "by"), rows, width)
    return lines + (wrap(view.remark, width) if view.remark else [])


@lines_of.register
def _chain(view: ChainView, width: int) -> list[str]:
    lines = wrap(f"where {_title(view.location, view.guest)} comes from, latest first:", width, "", "  ")
    for number, link in enumerate(view.links, 1):
        title = _title(link.location, link.guest if link.guest != view.guest else "")
        if link.step is None:
            said = f"{title} = {link.new}, never written since the recording began"
        else:
            said = f"{title} = {link.new}, step {link.step:,}: {link.by}"
        lines += wrap(said, width, f"  {number} ", "    ")
    return lines + wrap(view.end, width, "  ", "    ")
