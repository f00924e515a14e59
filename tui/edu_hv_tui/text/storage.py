"""The storage pane: 16 bytes a row, `*` before a word that the last step wrote."""

from edu_hv.debugger.views import StorageRow, StorageView
from edu_hv_tui.text.rows import Row, Span, row

WITH_REAL = 75
WITH_TEXT = 58


def storage_rows(view: StorageView, width: int, pointed: str = "") -> list[Row]:
    """Address, real address where there is room for it, words, text.  `pointed`: the address under the cursor."""
    return [_row(line, width, pointed) for line in view.rows]


def storage_title(view: StorageView) -> str:
    """Which storage: the guest's address, the real one behind it, the key."""
    if not view.rows:
        return "6 storage"
    first = view.rows[0]
    key = view.key if view.key.startswith("key") else f"key {view.key}"
    place = view.places[0].partition(": ")[0].partition(" is ")[2] if view.places else "not in real storage"
    real = f" = real {first.real:06X}" if first.real is not None else f" {place or 'without a frame'}"
    return f"6 storage  {view.guest} {first.address:06X}{real}  {key}"


def _row(line: StorageRow, width: int, pointed: str) -> Row:
    real = ""
    if width >= WITH_REAL:
        real = f"= {line.real:06X}" if line.real is not None else "= absent"
        real = f" {real:<9}"
    text = f"  |{line.text}|" if width >= WITH_TEXT + 4 else f" {line.text}" if width >= WITH_TEXT + 1 else ""
    blank = " " if width >= WITH_TEXT + 5 else ""
    return row((f"{line.address:06X}{real}{blank}", "quiet"), *_words(line, pointed), (text, "text"))


def _words(line: StorageRow, pointed: str) -> list[Span]:
    spans: list[Span] = []
    offset = 0
    for word in line.words:
        size = len(word) // 2
        written = any(offset <= at < offset + size for at in line.changed)
        mark, role = ("*", "written") if written else (" ", "text")
        here = f"{line.address + offset:06X}" == pointed
        spans += [(mark, role), (word, "cursor")] if here else [(mark + word, role)]
        offset += size
    return spans
