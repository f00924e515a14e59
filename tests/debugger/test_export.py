"""Exported traces: the three formats say the same, files of others stay, and the session stays where it is."""

import json
from html.parser import HTMLParser

import pytest

from edu_hv.debugger.explain import instruction
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.tracing.export import export_events, export_steps
from edu_hv.debugger.tracing.export_html import html_lines
from edu_hv.debugger.tracing.records import Record
from edu_hv.debugger.views import Layer
from edu_hv.isa.errors import UserError
from tests.debugger.walk import differences, everything, loaded, run_line


@pytest.fixture(scope="module")
def two() -> DebugSession:
    session = loaded("two guests")
    session.run(limit=700)
    session.give("enter", "HELLO <&>", guest="KERNEL")
    session.run(limit=100)
    return session


def json_of(path) -> tuple[dict, list[dict]]:
    first, *rest = [json.loads(line) for line in path.read_text().splitlines()]
    return first, rest


# ---- contents ------------------------------------------------------------------------------------------------------


def test_json_lines_have_a_heading_and_an_object_for_each_event(two, tmp_path):
    path = tmp_path / "trace.jsonl"
    assert export_events(two, path) == two.journal.known
    heading, objects = json_of(path)
    assert heading == {
        "format": "edu-hv trace", "version": 1, "of": "events", "guests": ["KERNEL", "SECOND"], "from_step": 0,
        "to_step": two.total, "total_steps": two.total, "filter": "",
    }  # fmt: skip
    told = [(e.step, e.layer.value, e.guest, e.text) for e in two.log(10**9).entries]
    assert [(o["step"], o["layer"], o["guest"], o["words"]) for o in objects] == told
    assert {tuple(o) for o in objects} == {("step", "unit", "guest", "layer", "kind", "fields", "words")}


def test_the_fields_of_a_trap_are_those_of_the_program(two, tmp_path):
    export_events(two, tmp_path / "t.jsonl", "SSM KERNEL")
    _, (first, *_) = json_of(tmp_path / "t.jsonl")
    listing = two.assembly_of("KERNEL").line_at(0x206)
    assert first["kind"] == "interruption"
    assert first["fields"] == {
        "class": "program", "code": 2, "ilc": 2, "address": "000206", "text": listing.object_code.hex().upper(),
        "instruction": instruction(listing.object_code, 0x206),
    }  # fmt: skip
    assert first["words"] == "program: privileged operation at 000206 SSM CHANNELS"


def test_every_kind_of_event_has_a_name(two, tmp_path):
    export_events(two, tmp_path / "t.jsonl")
    _, objects = json_of(tmp_path / "t.jsonl")
    kinds = {o["kind"] for o in objects}
    assert "other" not in kinds
    assert {"interruption", "psw swap", "decision", "carried out", "dispatched", "ccw", "console line"} <= kinds
    given = next(o for o in objects if o["kind"] == "input")
    assert given["fields"] == {"input": "enter", "text": "HELLO <&>", "device": "000", "data": "", "answer": []}


def test_text_has_a_line_for_each_event(two, tmp_path):
    count = export_events(two, tmp_path / "t.txt", "decision", (100, two.total))
    heading, columns, *lines = (tmp_path / "t.txt").read_text().splitlines()
    assert heading.startswith("trace of events that match decision of KERNEL and SECOND, steps 100 to ")
    assert columns.split() == ["step", "who", "guest", "what"]
    assert len(lines) == count > 10
    assert all(" rule " in line and int(line.split()[0]) >= 100 for line in lines)


class _Page(HTMLParser):
    """Rows, anchors, and what a page may not have."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.anchors: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.add(tag)
        values = dict(attrs)
        self.anchors += [values["id"]] if "id" in values else []
        self.links += [values["href"]] if "href" in values else []
        assert "src" not in values
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        if "td" in self.open:
            self.rows[-1][-1] += data


def test_a_page_is_whole_by_itself_and_tells_every_event(two, tmp_path):
    count = export_events(two, tmp_path / "t.html")
    text = (tmp_path / "t.html").read_text()
    page = _Page()
    page.feed(text)
    assert page.open == []
    assert not page.tags & {"script", "link", "img", "iframe", "object"}
    assert [word for word in ("http", "url(", "@import") if word in text] == []
    rows = [row for row in page.rows if row]
    told = [(f"{e.step:,}", e.layer.value, e.guest, e.text) for e in two.log(10**9).entries]
    assert [(row[0], row[1], row[2], row[4]) for row in rows] == told
    assert len(rows) == count
    steps = list(dict.fromkeys(e.step for e in two.log(10**9).entries))
    assert page.anchors == [f"step-{step}" for step in steps]
    assert page.links == [f"#step-{step}" for step in steps]
    assert "prefers-color-scheme: dark" in text


def test_what_a_guest_writes_is_no_markup():
    record = Record(1, 2, "A<B", Layer.GUEST, "console line", {"text": "<script>"}, "console: <b>\x1b[2J&</b>")
    text = "\n".join(html_lines("events of <x>", [record]))
    assert [word for word in ("<script>", "<b>", "\x1b") if word in text] == []
    assert "console: &lt;b&gt;.[2J&amp;&lt;/b&gt;" in text


# ---- instruction by instruction ------------------------------------------------------------------------------------


def test_changes_of_each_step_lead_from_the_first_state_to_the_last(tmp_path):
    session = loaded("kernel bare")
    session.run(limit=400)
    first, last = session.total - 300, session.total
    export_steps(session, tmp_path / "t.jsonl", (first + 1, last))
    _, objects = json_of(tmp_path / "t.jsonl")
    session.goto(first)
    registers, cc = session.guest_registers(), session.guest_psw().cc
    storage = bytearray(session.guest_storage(0, 0x4000))
    for each in objects:
        for name, (old, new) in each["fields"].get("registers", {}).items():
            assert registers[int(name[2:])] == int(old, 16)
            registers[int(name[2:])] = int(new, 16)
        for store in each["fields"]["stores"]:
            at, new = int(store["real"], 16), bytes.fromhex(store["new"])
            storage[at : at + len(new)] = new
        cc = each["fields"].get("condition_code", [cc, cc])[1]
    session.goto(last)
    assert [o["step"] for o in objects] == list(range(first + 1, last + 1))
    assert registers == session.guest_registers()
    timer = slice(0x50, 0x54)
    now = bytearray(session.guest_storage(0, 0x4000))
    storage[timer] = now[timer]
    changed = [at for at in range(0x4000) if storage[at] != now[at]]
    assert changed == []


def test_the_instruction_of_a_step_is_that_of_the_listing(two, tmp_path):
    session = loaded("kernel under CP")
    session.step(3)
    assert export_steps(session, tmp_path / "t.txt", (session.total - 2, session.total)) == 3
    lines = (tmp_path / "t.txt").read_text().splitlines()[2:]
    assert lines[0].endswith("000200 MVC NEWPSWS(40),HANDLERS, stored 000400000000031C")
    assert "program: privileged operation at 000206 SSM CHANNELS, simulate SSM" in lines[1]


@pytest.mark.parametrize("ending", ["jsonl", "html", "txt"])
@pytest.mark.parametrize("stage", [0, 2], ids=["between steps", "inside a trap"])
def test_the_session_stays_where_it_is(tmp_path, ending, stage):
    session = loaded("kernel under CP")
    session.step(30)
    session.goto(1497)
    if stage:
        session.stage(stage)
        assert session.in_step
    before = everything(session), session.stop_reason, session.total, session.recording.unit
    export_steps(session, tmp_path / f"t.{ending}", (1490, session.total))
    export_events(session, tmp_path / f"u.{ending}")
    assert differences(everything(session), before[0]) == []
    assert (session.stop_reason, session.total, session.recording.unit) == before[1:]


# ---- files ---------------------------------------------------------------------------------------------------------


def test_a_file_of_somebody_elses_is_not_replaced(two, tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("precious")
    with pytest.raises(UserError, match="is there already, and export has not written it: give another name or add"):
        run_line(two, f"export {path}")
    assert path.read_text() == "precious"
    run_line(two, f"export {path} replace svc")
    assert path.read_text().startswith("trace of events that match svc")
    (view,) = run_line(two, f"export {path}")
    assert view.lines == (f"{two.journal.known:,} events written to {path}",)
    with pytest.raises(UserError, match="is there already"):
        run_line(loaded("kernel bare"), f"export {path}")


@pytest.mark.parametrize(
    ("operands", "words"),
    [
        pytest.param("t.pdf", "says no format", id="format"),
        pytest.param("t", "says no format", id="no-ending"),
        pytest.param("nowhere/t.txt", "cannot be written: no such file", id="no-folder"),
        pytest.param("folder.txt replace", "is there already", id="folder"),
        pytest.param("t.txt steps", "first and the last step", id="steps-without-steps"),
        pytest.param("t.txt steps 5 x", "first and the last step", id="steps-with-a-word"),
        pytest.param("t.txt 9 5", "step 9 is after step 5", id="reversed"),
        pytest.param("t.txt 99999998 99999999", "not in the recording", id="beyond"),
        pytest.param("t.txt svc 999", "no SVC number", id="filter"),
    ],
)
def test_a_wrong_export_writes_nothing(two, tmp_path, operands, words):
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(UserError, match=words):
        run_line(two, f"export {tmp_path}/{operands}")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.txt"]


def test_too_many_steps_are_refused(two, tmp_path, monkeypatch):
    monkeypatch.setattr("edu_hv.debugger.tracing.export.MOST_STEPS", 10)
    with pytest.raises(UserError, match="too many; give 10 at most"):
        export_steps(two, tmp_path / "t.txt", (1, 11))


def test_a_name_with_blanks_stands_in_quotation_marks(two, tmp_path):
    run_line(two, f'export "{tmp_path}/my trace.txt" svc')
    assert (tmp_path / "my trace.txt").exists()
