"""What a file keeps, of its records: every value is looked at, and nothing is executed."""

from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar
from zlib import decompressobj
from zlib import error as ZlibError

from edu_hv.debugger.configuration import Configuration, Medium
from edu_hv.debugger.files.format import Damaged, Fields, Record, Unusable
from edu_hv.debugger.files.kept import (
    MOST_UNITS,
    Digest,
    KeptBranch,
    KeptProgram,
    KeptSession,
    KeptStop,
    digest_of_program,
)
from edu_hv.debugger.files.stop_lines import LONGEST, can_be_kept
from edu_hv.debugger.recipes import AsGuests, Loaded, OnTheMachine, Recipe, WithDirectory
from edu_hv.debugger.start import LEAST_REAL_SIZE, MOST_GUESTS, RealMachine
from edu_hv.debugger.system import INPUTS, Input, Program
from edu_hv.guests.catalog import GUESTS
from edu_hv.hypervisor.directory import parse
from edu_hv.isa.errors import UserError
from edu_hv.machine.machine import Architecture
from edu_hv.machine.subchannel import ChannelType

MOST_CONTENTS = 256 << 20
"""Bytes of all media, decks and sources of a file, unpacked."""
_MOST_SIZE = 16 << 20
_MOST_BRANCHES = 2000
_MOST_INPUTS = 100_000
_MOST_MARKS = 10_000
_MOST_DIGESTS = 1000
_MOST_STOPS = 1000
_LONGEST_INPUT = 10_000
_Numbered = TypeVar("_Numbered")


class Reader:
    """Takes the records of a file one after the other."""

    def __init__(self, made_by: str, name: str) -> None:
        self._made_by, self._name = made_by, name
        self._room = MOST_CONTENTS
        self._contents: list[bytes] = []
        self._programs: list[Program] = []
        self._inputs: list[Input] = []
        self._recipe: Recipe | None = None
        self._branches: list[KeptBranch] = []
        self._stops: list[KeptStop] = []
        self._logs: list[KeptStop] = []
        self._sets: dict[str, tuple[str, ...]] = {}
        self._listings: dict[str, Program] = {}
        self._kept: KeptSession | None = None
        self._takes: dict[str, Callable[[Fields], None]] = {
            "contents": self._take_contents,
            "program": self._take_program,
            "input": self._take_input,
            "made": self._take_recipe,
            "branch": self._take_branch,
            "listing": self._take_listing,
            "stop": partial(self._take_stop, self._stops, can_be_kept),
            "log": partial(self._take_stop, self._logs, lambda line: len(line) <= LONGEST),
            "set": self._take_set,
            "here": self._take_here,
        }

    def read(self, records: Sequence[Record]) -> KeptSession:
        """All of it.  Raises Damaged with the line that says what no recording says, Unusable for a missing program."""
        for number, record in enumerate(records, 2):
            fields = Fields(record, f"{self._name} is damaged: line {number}")
            kind = fields.text("line")
            take = self._takes.get(kind)
            if take is None or self._kept is not None:
                raise fields.wrong(f'"{kind}" is no line that can stand here')
            try:
                take(fields)
            except (Damaged, Unusable):
                raise
            except UserError as error:
                raise fields.wrong(str(error)) from None
        if self._kept is None:
            raise Damaged(f"{self._name} is damaged: it does not say where the session stood")
        return self._kept

    # ---- what is numbered ------------------------------------------------------------------------------------

    def _take_contents(self, fields: Fields) -> None:
        self._next(fields, self._contents)
        length = fields.number("length", 0, MOST_CONTENTS)
        self._room -= length
        if self._room < 0:
            raise fields.wrong(f"there are more than {MOST_CONTENTS >> 20} megabytes of contents in the file")
        unpack = decompressobj()
        try:
            packed = b64decode(fields.text("data", 1 << 30), validate=True)
            data = unpack.decompress(packed, length + 1) if length else unpack.decompress(packed, 1)
        except (Error, ZlibError, ValueError):
            raise fields.wrong('"data" cannot be unpacked') from None
        if len(data) != length or not unpack.eof or unpack.unused_data:
            raise fields.wrong(f'"data" does not unpack to the {length:,} bytes it should')
        self._contents.append(data)

    def _next(self, fields: Fields, known: Sequence[object]) -> None:
        """Numbered things come in their order."""
        fields.number("number", len(known), len(known))

    def _numbered(self, fields: Fields, name: str, known: Sequence[_Numbered]) -> _Numbered:
        return known[fields.number(name, 0, len(known) - 1)]

    def _bytes(self, fields: Fields, name: str) -> bytes | None:
        return self._numbered(fields, name, self._contents) if fields.has(name) else None

    def _text(self, fields: Fields, name: str) -> str:
        try:
            return self._numbered(fields, name, self._contents).decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise fields.wrong(f'"{name}" is no text') from None

    def _take_program(self, fields: Fields) -> None:
        self._next(fields, self._programs)
        if not fields.has("catalog"):
            self._programs.append(self._embedded(fields))
            return
        name = fields.text("catalog")
        program = GUESTS.get(name)
        if program is None:
            raise Unusable(
                f"{self._name} needs the program {_short(name)}, which this edu-hv has not; {self._made_by} made it"
            )
        if digest_of_program(program) != fields.text("digest"):
            raise Unusable(
                f"{self._name} was made by {self._made_by} with another version of the program {name}: from step 0 "
                f"on, what this version would show is something else; open it with the edu-hv that made it"
            )
        self._programs.append(program)

    def _embedded(self, fields: Fields) -> KeptProgram:
        source = self._text(fields, "source") if fields.has("source") else None
        program = KeptProgram(
            fields.text("name"),
            fields.text("called"),
            source,
            self._bytes(fields, "cards"),
            self._bytes(fields, "tape"),
            fields.flag("ecmode"),
        )
        program.assembly()
        return program

    def _take_input(self, fields: Fields) -> None:
        self._next(fields, self._inputs)
        kind = fields.text("kind")
        if kind not in INPUTS:
            raise fields.wrong(f'"{_short(kind)}" is no kind of input; there are {", ".join(INPUTS)}')
        data = self._bytes(fields, "data") or b""
        text, device = fields.text("text", _LONGEST_INPUT), fields.number("device", 0, 0xFFFF)
        self._inputs.append(Input(kind, fields.text("guest"), text, data, device))

    # ---- how it was made -------------------------------------------------------------------------------------

    def _take_recipe(self, fields: Fields) -> None:
        if self._recipe is not None:
            raise fields.wrong("a recording is made in one way only")
        match fields.text("how"):
            case "bare":
                self._recipe = OnTheMachine(self._numbered(fields, "program", self._programs))
            case "cp":
                self._recipe = AsGuests(tuple(self._guests(fields)), self._real(fields))
            case "directory":
                directory = parse(self._text(fields, "directory"), fields.text("called"))
                plan, operator = self._machine(fields.within("machine")), fields.flag("operator")
                self._recipe = WithDirectory(directory, plan, self._real(fields), operator)
            case "ipl":
                self._recipe = Loaded(self._machine(fields.within("machine")), fields.number("device", 0, 0xFFFF))
            case how:
                raise fields.wrong(f'"{_short(how)}" is no way to make a system')

    def _guests(self, fields: Fields) -> list[Program]:
        numbers = fields.numbers("programs", MOST_GUESTS)
        if any(number >= len(self._programs) for number in numbers):
            raise fields.wrong('"programs" names a program that is not in the file')
        return [self._programs[number] for number in numbers]

    def _real(self, fields: Fields) -> RealMachine:
        size = fields.number("size", LEAST_REAL_SIZE, _MOST_SIZE)
        if size % 4096:
            raise fields.wrong('"size" is no multiple of 4K')
        return RealMachine(size, fields.flag("assist"))

    def _machine(self, fields: Fields) -> Configuration:
        named = fields.text("is")
        if named not in [each.value for each in Architecture]:
            raise fields.wrong(f'"{_short(named)}" is no architecture')
        plan = Configuration.new(Architecture(named), fields.number("size", 0, _MOST_SIZE))
        plan = replace(plan, attachments={})
        for device in fields.each_of("devices", 1000):
            medium = Medium(device.text("name"), self._bytes(device, "data") or b"", device.texts("options", 10))
            plan = plan.with_device(device.number("address", 0, 0xFFF), device.text("type"), medium)
        for number, kind in fields.within("channels").items(16).items():
            if kind not in list(ChannelType) or len(number) != 1 or number not in "0123456789ABCDEF":
                raise fields.wrong(f'"channels" has no channel {_short(number)} of type {kind}')
            plan = plan.with_channel(int(number, 16), ChannelType(kind))
        return plan

    # ---- what happened ---------------------------------------------------------------------------------------

    def _take_branch(self, fields: Fields) -> None:
        end = fields.number("end", 0, MOST_UNITS)
        name = fields.text("name")
        if name in [each.name for each in self._branches] or len(self._branches) >= _MOST_BRANCHES or not name:
            raise fields.wrong(f'there cannot be one more branch "{_short(name)}"')
        if sum(each.end for each in self._branches) + end > MOST_UNITS:
            raise fields.wrong(f"the branches have more than {MOST_UNITS:,} units")
        marks = fields.within("marks").items(_MOST_MARKS)
        if any(unit > end for unit in marks.values()):
            raise fields.wrong(f'"marks" has a position behind the end, which is {end:,}')
        parent, because = fields.text("parent"), fields.text("because", _LONGEST_INPUT + 20)
        fork, stood_at = fields.number("fork", 0, end), fields.number("stood", 0, end)
        inputs, digests = self._inputs_of(fields, end), tuple(self._digests(fields, end))
        if sum(len(each.inputs) for each in self._branches) + len(inputs) > _MOST_INPUTS:
            raise fields.wrong(f"the branches have more than {_MOST_INPUTS:,} inputs")
        self._branches.append(KeptBranch(name, end, parent, fork, because, stood_at, inputs, marks, digests))

    def _inputs_of(self, fields: Fields, end: int) -> dict[int, Input]:
        found: dict[int, Input] = {}
        last = -1
        for pair in fields.array("inputs", _MOST_INPUTS):
            unit, number = _whole_numbers(pair, 2) or (-1, -1)
            if not last < unit < end or not 0 <= number < len(self._inputs):
                raise fields.wrong('"inputs" are no positions in order, each with the number of an input')
            last = unit
            found[unit] = self._inputs[number]
        return found

    def _digests(self, fields: Fields, end: int) -> list[Digest]:
        found: list[Digest] = []
        for each in fields.array("digests", _MOST_DIGESTS):
            numbers = _whole_numbers(each[:2], 2) if isinstance(each, list) and len(each) == 4 else None
            texts = isinstance(each, list) and all(isinstance(text, str) for text in each[2:])
            if numbers is None or not texts or not numbers[0] <= end:
                raise fields.wrong('"digests" are no positions, each with a step and two digests')
            found.append(Digest(numbers[0], numbers[1], each[2], each[3]))
        if [each.unit for each in found] != sorted({each.unit for each in found}) or not found:
            raise fields.wrong('"digests" are not in order')
        if found[-1].unit != end:
            raise fields.wrong('"digests" has none of the end')
        return found

    # ---- the session -----------------------------------------------------------------------------------------

    def _take_listing(self, fields: Fields) -> None:
        if len(self._listings) >= _MOST_STOPS:
            raise fields.wrong("there are too many listings")
        self._listings[fields.text("userid", 8)] = self._numbered(fields, "program", self._programs)

    def _take_stop(self, stops: list[KeptStop], allowed: Callable[[str], bool], fields: Fields) -> None:
        lines = self._lines(fields, allowed)
        if not lines or len(stops) >= _MOST_STOPS:
            raise fields.wrong("there are no lines, or too many stops")
        since = fields.number("since", 0, MOST_UNITS)
        stops.append(KeptStop(lines, since, fields.text("branch"), fields.text("home")))

    def _lines(self, fields: Fields, allowed: Callable[[str], bool]) -> tuple[str, ...]:
        lines = fields.texts("lines", _MOST_STOPS)
        for line in lines:
            if not allowed(line):
                raise fields.wrong(f'"{_short(line)}" is nothing that a recording may bring along')
        return lines

    def _take_set(self, fields: Fields) -> None:
        if len(self._sets) >= _MOST_STOPS:
            raise fields.wrong("there are too many sets of stops")
        self._sets[fields.text("name")] = self._lines(fields, can_be_kept)

    def _take_here(self, fields: Fields) -> None:
        here = next((each for each in self._branches if each.name == fields.text("branch")), None)
        if self._recipe is None or here is None:
            raise fields.wrong("there is no such branch, or nothing was loaded")
        position = fields.number("position", 0, here.end)
        self._kept = KeptSession(
            self._made_by, self._recipe, self._branches, here.name, position, fields.text("selected"),
            fields.text("lesson"), self._stops, self._logs, self._sets, self._listings,
        )  # fmt: skip


def _whole_numbers(value: object, count: int) -> list[int] | None:
    """A list of so many numbers from 0 on, or None."""
    if not isinstance(value, list) or len(value) != count:
        return None
    return value if all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in value) else None


def _short(text: str) -> str:
    kept = "".join(letter if letter.isprintable() else "?" for letter in text[:40])
    return kept if len(text) <= 40 else f"{kept[:37]}..."
