"""A trace as one page for a browser: nothing is fetched, nothing runs; each step can be linked to as #step-1204."""

import json
from collections.abc import Iterable, Iterator
from html import escape

from edu_hv.debugger.tracing.records import Record
from edu_hv.debugger.views import Layer

_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1a1a1a; --line: #ccc; --quiet: #595959;
  --guest: #0a5c2f; --hardware: #7a3e00; --cp: #0b4a8f; --channel: #6a1b7a; --you: #a3123a; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #16181c; --ink: #e6e6e6; --line: #3a3d44; --quiet: #a5a8ae;
    --guest: #7ee0a5; --hardware: #f0b070; --cp: #8cc0ff; --channel: #dca0f0; --you: #ff9db5; } }
body { background: var(--ground); color: var(--ink); font: 1rem/1.4 system-ui, sans-serif; margin: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .2rem .6rem; text-align: left; vertical-align: top; }
th { background: var(--ground); position: sticky; top: 0; }
td:first-child { font-variant-numeric: tabular-nums; text-align: right; }
td.what, td.values { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
td.values { color: var(--quiet); font-size: .85rem; }
a { color: inherit; }
tr:target td { outline: 2px solid var(--ink); }
tr.guest td.who { color: var(--guest); } tr.hardware td.who { color: var(--hardware); }
tr.cp td.who { color: var(--cp); } tr.channel td.who { color: var(--channel); } tr.you td.who { color: var(--you); }
"""
_WHO = {
    Layer.GUEST: "a program of a guest",
    Layer.HARDWARE: "the machine by itself",
    Layer.CP: "the control program",
    Layer.CHANNEL: "a channel",
    Layer.USER: "an input from outside",
}
_COLUMNS = ("step", "who", "guest", "kind", "what", "values")


def html_lines(heading: str, records: Iterable[Record]) -> Iterator[str]:
    """The page line by line."""
    title = _text(f"trace of {heading}")
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>"
    who = "; ".join(f"{layer.value}: {words}" for layer, words in _WHO.items())
    yield f"<p>Who did it: {who}. A step is linked to by its number: #step-1204.</p>\n<table>"
    columns = "".join(f'<th scope="col">{name}</th>' for name in _COLUMNS)
    yield f"<thead><tr>{columns}</tr></thead>\n<tbody>"
    last = -1
    for each in records:
        yield _row(each, first_of_step=each.step != last)
        last = each.step
    yield "</tbody>\n</table>\n</body>\n</html>"


def _row(each: Record, first_of_step: bool) -> str:
    name = f"step-{each.step}"
    anchor = f' id="{name}"' if first_of_step else ""
    step = f'<a href="#{name}">{each.step:,}</a>' if first_of_step else f"{each.step:,}"
    layer = each.layer.value
    values = ", ".join(f"{key} {_value(value)}" for key, value in each.fields.items() if value not in ("", [], {}))
    return (
        f'<tr class="{layer.lower()}"{anchor}><td>{step}</td><td class="who">{layer}</td><td>{_text(each.guest)}</td>'
        f'<td>{each.kind}</td><td class="what">{_text(each.words)}</td><td class="values">{_text(values)}</td></tr>'
    )


def _value(value: object) -> str:
    return str(value) if isinstance(value, str | int) else json.dumps(value)


def _text(text: str) -> str:
    """Fit for a page: what a guest wrote is neither markup nor control characters."""
    return escape("".join(c if c.isprintable() else "." for c in text))
