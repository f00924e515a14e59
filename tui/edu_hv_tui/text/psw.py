"""The PSW pane: field by field, guest, real, why."""

from edu_hv.debugger.views import PswView
from edu_hv_tui.text.compared import compared_rows
from edu_hv_tui.text.rows import Row, row

SAME = "every field is the same for the guest and in the machine"


def psw_rows(view: PswView, width: int, height: int, only_differing: bool = False, pointed: str = "") -> list[Row]:
    """The whole PSWs and their fields; in a low pane the fields come first, since they say more,
    and a reason is told to its end even where that pushes other fields out of sight.
    `pointed`: the field under the cursor.
    """
    fields = [field for field in view.fields if field.differs or not only_differing]
    whole = _whole(view, width)
    if not view.guest_psw:
        return []
    if not fields:
        return [row((SAME, "cursor" if pointed else "quiet")), *whole]
    for header, wrapped in ((True, True), (True, False), (False, False)):
        rows = [*whole, *compared_rows(fields, width, header, wrapped, pointed)]
        if len(rows) <= height:
            return rows
    return [*compared_rows(fields, width, header=False, wrapped=True, pointed=pointed), *whole]


def _whole(view: PswView, width: int) -> list[Row]:
    differs = view.guest_psw != view.real_psw
    if width >= 60:
        role, words = ("differs", "differ") if differs else ("quiet", "same")
        spans = ("PSW    ", "quiet"), (view.guest_psw + "   ", "guest"), (view.real_psw + "   ", "real"), (words, role)
        return [row(*spans)]
    return [
        row(("guest ", "quiet"), (view.guest_psw, "guest")),
        row(("real  ", "quiet"), (view.real_psw, "real")),
    ]
