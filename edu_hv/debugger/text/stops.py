"""The watch log as text."""

from edu_hv.debugger.stops.watchlog import WatchLogView
from edu_hv.debugger.text.lines import lines_of, table, wrap


@lines_of.register
def _watch_log(view: WatchLogView, width: int) -> list[str]:
    if not view.logs:
        return wrap("nothing is logged; watchlog R5 logs what writes register 5", width)
    logged = wrap(f"logged: {'; '.join(view.logs)}", width)
    where = f"in steps {view.first:,} to {view.last:,} of the recording"
    if not view.entries:
        return [*logged, *wrap(f"nothing of it {where}", width)]
    rows = [(f"{e.step}", str(e.log), e.layer.value, e.guest, e.instruction, e.what) for e in view.entries]
    times = "once" if len(rows) == 1 else f"{len(rows):,} times"
    more = "; there may be more before: watchlog show 1000 shows as many" if view.more else ", all there are"
    listed = table(("step", "log", "who", "guest", "instruction", "what"), rows, width)
    return [*logged, *listed, *wrap(f"{times} {where}{more}", width)]
