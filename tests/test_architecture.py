"""The imports in the source against the table in docs/ARCHITECTURE.md."""

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
NOT_REPRODUCIBLE = {"time", "datetime", "random", "secrets", "uuid", "socket", "subprocess"}
SIMULATED = {"isa", "machine", "asm", "engine", "devices", "guests", "hypervisor"}


@dataclass(frozen=True)
class Row:
    """What one room may import."""

    rooms: frozenset[str]
    lazy_rooms: frozenset[str]
    packages: frozenset[str]


@dataclass(frozen=True)
class Import:
    """One imported module, and whether the import stands inside a function."""

    module: str
    line: int
    lazy: bool


def read_table(markdown: str) -> dict[str, Row]:
    """The rows of the table whose header begins with "Room"."""
    lines = iter(markdown.splitlines())
    for line in lines:
        if line.startswith("| Room |"):
            break
    next(lines)
    table = {}
    for line in lines:
        if not line.startswith("|"):
            break
        room, rooms, packages = (cell.strip() for cell in line.strip("|").split("|"))
        names = dict(re.findall(r"`(\w+)`( \(lazy\))?", rooms))
        table[room.strip("`")] = Row(
            frozenset(name for name, lazy in names.items() if not lazy),
            frozenset(name for name, lazy in names.items() if lazy),
            frozenset(re.findall(r"`(\w+)`", packages)),
        )
    return table


def imports_of(source: str, package: str) -> list[Import]:
    """Every import in a module of `package` (dotted), as absolute names; `from edu_hv import asm` is `edu_hv.asm`."""
    found: list[Import] = []

    def visit(node: ast.AST, lazy: bool) -> None:
        match node:
            case ast.Import():
                found.extend(Import(alias.name, node.lineno, lazy) for alias in node.names)
            case ast.ImportFrom():
                parents = package.split(".")
                base = ".".join(parents[: len(parents) - node.level + 1]) if node.level else ""
                module = ".".join(part for part in (base, node.module) if part)
                found.extend(Import(f"{module}.{alias.name}", node.lineno, lazy) for alias in node.names)
        inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    visit(ast.parse(source), False)
    return found


def room_of(module: str, rooms: set[str]) -> str | None:
    """The room an imported name belongs to; None for names from outside and for `edu_hv.__version__`."""
    match module.split("."):
        case ["edu_hv_tui", *_]:
            return "edu_hv_tui"
        case ["edu_hv", name, *rest] if rest or name in rooms:
            return name
        case ["lessons" | "tui" | "tests" as folder, *_]:
            return folder
    return None


def offences(source: str, room: str, package: str, table: dict[str, Row]) -> list[str]:
    """What `source`, a module of `room`, imports against the table: one sentence each."""
    row = table.get(room)
    if row is None:
        return [f"{room} has no row in docs/ARCHITECTURE.md"]
    found = []
    for item in imports_of(source, package):
        target = room_of(item.module, set(table))
        top = item.module.partition(".")[0]
        problem = None
        if target in row.lazy_rooms:
            problem = None if item.lazy else f"imports {target} outside a function"
        elif target is not None:
            problem = None if target == room or target in row.rooms else f"imports {target}"
        elif top in NOT_REPRODUCIBLE and room in SIMULATED:
            problem = f"imports {top}, which is not reproducible"
        elif top != "edu_hv" and top not in sys.stdlib_module_names | row.packages:
            problem = f"imports the package {top}"
        if problem:
            found.append(f"line {item.line}: {room} {problem}")
    return found


def modules() -> list[tuple[Path, str, str]]:
    """Every source file with its room and its package."""
    found = []
    for path in sorted(CHECKOUT.glob("edu_hv/**/*.py")):
        below = path.relative_to(CHECKOUT).with_suffix("").parts
        found.append((path, below[1], ".".join(below[:-1])))
    for path in sorted(CHECKOUT.glob("tui/edu_hv_tui/**/*.py")):
        below = path.relative_to(CHECKOUT / "tui").parts
        found.append((path, "edu_hv_tui", ".".join(below[:-1])))
    for path in sorted(CHECKOUT.glob("lessons/**/*.py")):
        found.append((path, "lessons", "lessons"))
    return [module for module in found if module[1] != "__init__"]


@pytest.fixture(scope="module")
def table() -> dict[str, Row]:
    return read_table((CHECKOUT / "docs/ARCHITECTURE.md").read_text(encoding="utf-8"))


def test_source_imports_only_what_the_table_allows(table):
    found = [
        f"{path.relative_to(CHECKOUT)}: {offence}"
        for path, room, package in modules()
        for offence in offences(path.read_text(encoding="utf-8"), room, package, table)
    ]
    assert not found, "\n".join(found)


def test_top_level_package_imports_nothing():
    assert imports_of((CHECKOUT / "edu_hv/__init__.py").read_text(encoding="utf-8"), "edu_hv") == []


def test_table_names_only_its_own_rooms_and_has_no_circle(table):
    """Rooms that need none of the rooms still left are taken away until none is left, which a circle would prevent."""
    left = {room: set(row.rooms | row.lazy_rooms) for room, row in table.items()}
    while free := {room for room, rooms in left.items() if not rooms & left.keys()}:
        left = {room: rooms for room, rooms in left.items() if room not in free}
    assert left == {}
    assert set[str]().union(*(row.rooms | row.lazy_rooms for row in table.values())) <= table.keys()


def test_table_is_read_as_written(table):
    assert table["isa"] == Row(frozenset(), frozenset(), frozenset())
    assert table["repl"] == Row(
        frozenset({"debugger", "tutor", "asm", "isa"}),
        frozenset({"edu_hv_tui"}),
        frozenset({"prompt_toolkit", "pygments", "platformdirs"}),
    )


@pytest.mark.parametrize(
    ("room", "source", "expected"),
    [
        pytest.param(
            "machine", "import edu_hv.hypervisor.dispatch", ["line 1: machine imports hypervisor"], id="upward"
        ),
        pytest.param("machine", "from edu_hv import debugger", ["line 1: machine imports debugger"], id="from-top"),
        pytest.param("machine", "from ..asm import expressions", ["line 1: machine imports asm"], id="relative"),
        pytest.param("machine", "from .. import asm", ["line 1: machine imports asm"], id="relative-top"),
        pytest.param("machine", "def f():\n    import edu_hv.asm", ["line 2: machine imports asm"], id="in-function"),
        pytest.param(
            "machine", "if TYPE_CHECKING:\n    from edu_hv.asm import x", ["line 2: machine imports asm"], id="types"
        ),
        pytest.param("machine", "import edu_hv.new.x", ["line 1: machine imports new"], id="room-without-row"),
        pytest.param(
            "machine", "import random", ["line 1: machine imports random, which is not reproducible"], id="random"
        ),
        pytest.param("machine", "import textual", ["line 1: machine imports the package textual"], id="package"),
        pytest.param("new", "", ["new has no row in docs/ARCHITECTURE.md"], id="no-row"),
        pytest.param(
            "repl", "import edu_hv_tui", ["line 1: repl imports edu_hv_tui outside a function"], id="not-lazy"
        ),
        pytest.param("lessons", "import edu_hv.debugger", ["line 1: lessons imports debugger"], id="lesson"),
        pytest.param("tutor", "import lessons.l01", ["line 1: tutor imports lessons"], id="content"),
        pytest.param(
            "machine", "from edu_hv.isa import codes\nfrom . import psw\nimport edu_hv, enum", [], id="allowed"
        ),
        pytest.param("repl", "def main():\n    from edu_hv_tui.app import run", [], id="lazy"),
        pytest.param("repl", "from edu_hv import __version__", [], id="version"),
        pytest.param("lessons", "from edu_hv.tutor.checks import goal\nimport re", [], id="lesson-allowed"),
    ],
)
def test_checker_finds_offences(table, room, source, expected):
    assert offences(source, room, f"edu_hv.{room}", table) == expected
