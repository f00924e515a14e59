"""Draws how often a guest trapped to CP, by the rule that decided: without the VM assist, and with it.

    python traps_by_rule.py kernel --to traps.png

The picture is a PNG, SVG or PDF, by the ending of its name.  It needs matplotlib: pip install "edu-hv[plots]".
"""

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from edu_hv.debugger import DebugSession, UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
WITHOUT, WITH = "without the VM assist", "with it"


def traps_by_rule(program: str, assist: bool, steps: int) -> Counter[str]:
    """Run a guest under CP; how many of its traps were decided by each rule."""
    session = DebugSession()
    session.load_cp(program, assist=assist)
    session.run(limit=steps)
    return Counter(one.rule for one in session.decisions_taken() if one.trap and not one.within)


def counted(program: str, steps: int = 200_000) -> dict[str, Counter[str]]:
    """Both ways."""
    return {WITHOUT: traps_by_rule(program, False, steps), WITH: traps_by_rule(program, True, steps)}


def figure(program: str, counts: dict[str, Counter[str]]) -> "Figure":
    """A group of bars for each rule, a bar for each way.  Raises UserError where matplotlib is missing."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UserError('this picture needs matplotlib; pip install "edu-hv[plots]" brings it') from None
    rules = [rule for rule, _ in sum(counts.values(), Counter[str]()).most_common()]
    drawn = Figure(figsize=(2 + 0.9 * max(len(rules), 5), 4.5), layout="constrained")
    axes = drawn.subplots()
    width = 0.8 / len(counts)
    for number, (name, hatch) in enumerate(zip(counts, ("", "//"), strict=True)):  # Not told apart by colour alone.
        times = [counts[name][rule] for rule in rules]
        places = [place + (number - 0.5) * width for place in range(len(rules))]
        bars = axes.bar(places, times, width, label=f"{name}: {sum(times):,} traps", hatch=hatch, edgecolor="white")
        axes.bar_label(bars, fmt="{:,.0f}", padding=2, fontsize=8)
    axes.set_xticks(range(len(rules)), rules)
    axes.set_xlabel("rule of CP; `why PRV-2` in the debugger tells what one says")
    axes.set_ylabel("traps")
    axes.set_title(f"Why {program} trapped")
    axes.margins(y=0.12)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return drawn


def save(drawn: "Figure", path: Path) -> None:
    """Write the picture; the same bytes each time.  Raises UserError for what cannot be written."""
    import matplotlib

    undated = {"Date": None} if path.suffix == ".svg" else {"CreationDate": None} if path.suffix == ".pdf" else {}
    try:
        with matplotlib.rc_context({"svg.hashsalt": "traps"}):
            drawn.savefig(path, dpi=150, metadata=undated)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Draws the traps of a guest by the rule of CP that decided.")
    parser.add_argument("program", nargs="?", default="kernel", help="a guest of the catalog, or a file")
    parser.add_argument("--to", type=Path, default=Path("traps.png"), help="the picture: .png, .svg or .pdf")
    parser.add_argument("--steps", type=int, default=200_000, help="run so many at most")
    asked = parser.parse_args(arguments)
    if asked.to.suffix not in FORMATS:
        parser.error(f"{asked.to} has to end in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}")
    try:
        counts = counted(asked.program, asked.steps)
        save(figure(asked.program, counts), asked.to)
    except UserError as error:
        parser.exit(1, f"{error}\n")
    for name, rules in counts.items():
        print(f"{name}: {', '.join(f'{rule} {times}' for rule, times in rules.most_common()) or 'no traps'}")
    print(f"the picture is {asked.to}")


if __name__ == "__main__":
    main()
