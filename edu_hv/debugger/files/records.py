"""What is kept of a session as records of a file: contents, programs and inputs each once, and numbered."""

from base64 import b64encode
from collections.abc import Callable
from zlib import compress

from edu_hv.debugger.configuration import Configuration, Medium
from edu_hv.debugger.files.format import Record
from edu_hv.debugger.files.kept import (
    KeptBranch,
    KeptSession,
    KeptStop,
    digest_of_program,
    is_of_catalog,
    key_of,
)
from edu_hv.debugger.recipes import AsGuests, Loaded, OnTheMachine, Recipe, WithDirectory
from edu_hv.debugger.start import RealMachine
from edu_hv.debugger.system import Input, Program
from edu_hv.isa.errors import UserError


class Records:
    """The records of one file, in order."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._contents: dict[str, int] = {}
        self._programs: dict[int, tuple[int, Program]] = {}
        """By identity, with the program, which so stays what it is."""
        self._inputs: dict[Input, int] = {}

    def put(self, line: str, **values: object) -> None:
        """One more record."""
        self.records.append({"line": line, **values})

    # ---- what is numbered ------------------------------------------------------------------------------------

    def contents(self, data: bytes | None) -> int | None:
        """The number of some contents, compressed and kept once."""
        if data is None:
            return None
        key = key_of(data)
        if key not in self._contents:
            self._contents[key] = number = len(self._contents)
            packed = b64encode(compress(data, 9)).decode("ascii")
            self.put("contents", number=number, length=len(data), data=packed)
        return self._contents[key]

    def program(self, program: Program) -> int:
        """The number of a program."""
        known = self._programs.get(id(program))
        if known is not None:
            return known[0]
        self._programs[id(program)] = (number := len(self._programs)), program
        if is_of_catalog(program):
            self.put("program", number=number, catalog=program.name, digest=digest_of_program(program))
        else:
            self._embed(program, number)
        return number

    def _embed(self, program: Program, number: int) -> None:
        assembly, deck = program.assembly(), program.deck()
        give: Callable[[], str | None] | None = getattr(program, "source_text", None)
        source = give() if give else None
        if assembly is not None and source is None:
            raise UserError(f"{program.name} was loaded without its source text, so it cannot be kept in a file")
        self.put(
            "program",
            number=number,
            name=program.name,
            source=self.contents(None if source is None else source.encode("utf-8", "surrogatepass")),
            called=assembly.name if assembly else "",
            cards=self.contents(deck),
            tape=self.contents(program.tape()),
            ecmode=bool(getattr(program, "ecmode", False)),
        )

    def given(self, given: Input) -> int:
        """The number of an input; equal ones have the same."""
        if given not in self._inputs:
            data = self.contents(given.data or None)
            self._inputs[given] = number = len(self._inputs)
            self.put(
                "input", number=number, kind=given.kind, guest=given.guest, text=given.text, data=data,
                device=given.device,
            )  # fmt: skip
        return self._inputs[given]


def records_of(kept: KeptSession) -> list[Record]:
    """The records of a file behind its header.  Raises UserError for what no file can say."""
    records = Records()
    _recipe(records, kept.recipe)
    for branch in kept.branches:
        _branch(records, branch)
    for userid, program in kept.listings.items():
        records.put("listing", userid=userid, program=records.program(program))
    for line, stops in (("stop", kept.stops), ("log", kept.logs)):
        for stop in stops:
            _stop(records, line, stop)
    for name, lines in kept.sets.items():
        records.put("set", name=name, lines=list(lines))
    records.put("here", branch=kept.here, position=kept.position, selected=kept.selected, lesson=kept.lesson)
    return records.records


def _recipe(records: Records, recipe: Recipe) -> None:
    match recipe:
        case OnTheMachine():
            records.put("made", how="bare", program=records.program(recipe.program))
        case AsGuests():
            programs = [records.program(each) for each in recipe.programs]
            records.put("made", how="cp", programs=programs, **_real(recipe.real))
        case WithDirectory():
            directory, machine = recipe.directory, _machine(records, recipe.plan)
            if not directory.text:
                raise UserError("CP was started with a directory that is no text, so it cannot be kept in a file")
            text = records.contents(directory.text.encode("utf-8", "surrogatepass"))
            records.put(
                "made", how="directory", directory=text, called=directory.name, machine=machine,
                operator=recipe.operator, **_real(recipe.real),
            )  # fmt: skip
        case Loaded():
            records.put("made", how="ipl", machine=_machine(records, recipe.plan), device=recipe.device)
        case _:
            raise UserError("what is loaded was made in a way that cannot be kept in a file")


def _real(real: RealMachine) -> dict[str, object]:
    return {"size": real.size, "assist": real.assist}


def _machine(records: Records, plan: Configuration) -> dict[str, object]:
    devices = [
        {"address": each.address, "type": each.type.name, **_medium(records, each.medium)}
        for each in plan.attachments.values()
    ]
    channels = {f"{number:X}": int(kind) for number, kind in plan.channels.items()}
    return {"is": plan.architecture.value, "size": plan.size, "devices": devices, "channels": channels}


def _medium(records: Records, medium: Medium) -> dict[str, object]:
    return {"name": medium.name, "data": records.contents(medium.data or None), "options": list(medium.options)}


def _branch(records: Records, branch: KeptBranch) -> None:
    inputs = [[unit, records.given(given)] for unit, given in sorted(branch.inputs.items())]
    digests = [[each.unit, each.step, each.seen, each.state] for each in branch.digests]
    records.put(
        "branch", name=branch.name, end=branch.end, parent=branch.parent, fork=branch.fork, because=branch.because,
        stood=branch.stood_at, inputs=inputs, marks=branch.marks, digests=digests,
    )  # fmt: skip


def _stop(records: Records, line: str, stop: KeptStop) -> None:
    records.put(line, lines=list(stop.lines), since=stop.since, branch=stop.branch, home=stop.home)
