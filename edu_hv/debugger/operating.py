"""What a script does as the operator: load programs, configure a machine, type lines, mount tapes, change registers.

Everything given is an input: part of the recording, and given in the past it begins another course of events.
"""

from collections.abc import Sequence
from pathlib import Path

from edu_hv.debugger.configuration import DEFAULT_SIZE, Configuration, Medium
from edu_hv.debugger.scripting import Scripting
from edu_hv.debugger.start import REAL_SIZE, RealMachine
from edu_hv.debugger.system import Program
from edu_hv.debugger.views import StopView
from edu_hv.devices.card_image import Deck
from edu_hv.devices.tape_image import Tape
from edu_hv.guests import catalog
from edu_hv.guests.files import MEDIUM, PROGRAM, read_file
from edu_hv.hypervisor.directory import parse as parse_directory
from edu_hv.isa.errors import UserError
from edu_hv.machine.machine import Architecture

Programs = str | Path | Program
"""A guest of the catalog ("kernel"), a file (.asm, .deck, .obj), or a program such as `from_source` makes."""
Data = bytes | str | Path
"""Contents, or the file that they are read from."""


class Operating(Scripting):
    """The part of a session that loads programs and gives inputs."""

    # ---- loading ---------------------------------------------------------------------------------------------

    def load_bare(self, program: Programs) -> StopView:
        """Load a program on the machine itself; it stands at its entry.

        Raises UserError, with what was loaded before still there, for what cannot be loaded, and AssemblyError for
        what does not assemble.
        """
        return self._session.load_programs([_program(program)])

    def load_cp(self, *programs: Programs, real_size: int = REAL_SIZE, assist: bool = False) -> StopView:
        """Load programs as guests of CP, a virtual machine each: `load_cp("kernel", "second", assist=True)`.

        `real_size`: bytes of real storage, a multiple of 4096, 131,072 at least; with little of it pages are stolen.
        `assist`: the guests have the VM assist.  The first guest stands at its entry.  Raises UserError.
        """
        if real_size % 4096:
            raise UserError(f"CP cannot have {real_size:,} bytes of real storage: give a multiple of 4,096")
        found = [_program(program) for program in programs]
        return self._session.load_programs(found, True, RealMachine(real_size, assist))

    def start_system(
        self, directory: str | Path, real_size: int | None = None, assist: bool = False, operator: bool = True
    ) -> StopView:
        """Start CP with a directory of users, its text or a file, on the machine that is configured; then `logon`.

        `real_size`: bytes, by default those of the machine configured; `operator`: the user OPERATOR is logged on.
        Raises UserError, with up to ten errors of the directory, each with its line.
        """
        text = directory if isinstance(directory, str) else _text(directory)
        name = "the directory" if isinstance(directory, str) else directory.name
        plan = self._session.configuration
        real = RealMachine(plan.size if real_size is None else real_size, assist)
        return self._session.start_cp(parse_directory(text, name), plan, real, operator)

    # ---- a machine of one's own ------------------------------------------------------------------------------

    def new_machine(self, size: int = DEFAULT_SIZE, system_360: bool = False) -> Configuration:
        """Begin the machine that `ipl` and `start_system` build: storage of `size` bytes, a console at 009.

        Raises UserError for a size that cannot be built.
        """
        architecture = Architecture.S360 if system_360 else Architecture.S370
        self._session.configuration = Configuration.new(architecture, size)
        return self._session.configuration

    def attach(self, address: int, device: str, data: Data = b"", name: str = "", *options: str) -> Configuration:
        """Attach a device of a type ("3505", "3420", "3330") to that machine, with cards, a tape or a pack on it.

        `data`: what is on it; with the option "new" nothing is read, and `name` is the label of the blank medium.
        Other options are "ring", "noeof", "text", "ebcdic".  Raises UserError for what cannot be.
        """
        contents, called = _contents(data, name)
        plan = self._session.configuration.with_device(address, device, Medium(called, contents, options))
        self._session.configuration = plan
        return plan

    def detach(self, address: int) -> Configuration:
        """Take a device from that machine.  Raises UserError when there is none at the address."""
        self._session.configuration = self._session.configuration.without_device(address)
        return self._session.configuration

    # ---- what an operator or a user gives --------------------------------------------------------------------

    def enter(self, line: str, guest: str | None = None) -> list[str]:
        """Type a line at the console of the selected guest, or of another one; what there is to say about it."""
        return self._session.give("enter", line, guest=guest)

    def cp_command(self, line: str, guest: str | None = None) -> list[str]:
        """Give CP a command as the selected guest's user: CP's answer.  Raises UserError on the bare machine.

        A question changes nothing; anything else is an input.  What CP refuses is in the answer, in CP's words.
        """
        return self._session.give("cp", line, guest=guest)

    def press_key(self, guest: str | None = None) -> list[str]:
        """Press the INTERRUPT key: an external interruption."""
        return self._session.give("key", guest=guest)

    def logon(self, userid: str, password: str, ipl: bool = True) -> list[str]:
        """A user of the directory comes to a terminal; what appears on it.  He is then the selected guest.

        `ipl` False: his system is not loaded.  Raises UserError on the bare machine.
        """
        answer = self._session.give("logon", f"{userid} {password}{'' if ipl else ' NOIPL'}")
        if userid.upper() in self.guest_names():
            self.select(userid)
        return answer

    def mount_tape(self, tape: Data | Sequence[bytes | None], name: str = "", guest: str | None = None) -> list[str]:
        """Put a tape on the drive of a guest, which can only read it: an image (AWS, HET or SIMH: bytes, or a file).

        A list of bytes is its blocks, in order, of at least one byte; None is a tape mark.  Raises UserError for what
        is no tape, and for a guest without a drive.
        """
        image = tape if isinstance(tape, bytes | str | Path) else Tape.of(name, tape).image()
        contents, called = _contents(image, name)
        called = called or "a tape"
        return self._session.give("mount", called, contents, guest=guest)

    def put_on(self, address: int, data: Data, name: str = "", *options: str) -> list[str]:
        """Put cards, a tape or a pack on a device of the bare machine; options are those of `attach`.

        Raises UserError under CP, and for what the device cannot take.
        """
        contents, called = _contents(data, name)
        return self._session.give("medium", "\n".join([called, *options]), contents, address)

    def put_deck(self, deck: Programs | bytes, userid: str) -> list[str]:
        """Put a deck into CP's card reader for a user: a program, or data cards as bytes (text, or 80 a card).

        He may then IPL 00C.  Raises UserError on the bare machine and for a user who is not in the directory.
        """
        if isinstance(deck, bytes):
            return self._session.give("deck", "data", Deck.from_bytes(deck, "the deck").image(), guest=userid.upper())
        program = _program(deck)
        cards = program.deck()
        if cards is None:
            raise UserError(f"{program.name} is no deck: it was assembled from a text; give a file or a catalog name")
        answer = self._session.give("deck", program.name, cards, guest=userid.upper())
        self.system.put_deck(userid.upper(), program)
        return answer

    # ---- changed by hand -------------------------------------------------------------------------------------

    def change(self, place: str, value: int) -> int:
        """Set a register, a PSW field, storage or a key: `change("$r5", 0x1F)`, "psw.cc", "[2000].h", "key 2000".

        Returns the value that is there now.  Raises UserError for what cannot be set, and a value that does not fit.
        """
        self.execute(f"set {place} = {'-' if value < 0 else ''}{abs(value):X}")
        key = place.lower().startswith("key ")
        return self.guest_key(place[4:].strip()) if key else self.value(place)

    def store(self, address: int | str, data: bytes) -> None:
        """Store bytes at an address or label of the selected guest, 256 at most.  Raises UserError outside it."""
        if not 1 <= len(data) <= _MOST_STORED:
            raise UserError(f"{len(data):,} bytes cannot be stored at once: from 1 to {_MOST_STORED} can")
        at = self.place(address)
        if self.guest_storage(at, len(data)) != data:
            self._session.give("alter", f"S{at:X} {data.hex().upper()}")


_MOST_STORED = 256


def _program(program: Programs) -> Program:
    return catalog.find(str(program)) if isinstance(program, str | Path) else program


def _contents(data: Data, name: str) -> tuple[bytes, str]:
    """The bytes, and what they are called."""
    if isinstance(data, bytes):
        return data, name
    path = Path(data).expanduser()
    return read_file(path, MEDIUM), name or path.name


def _text(path: Path) -> str:
    try:
        return read_file(path.expanduser(), PROGRAM).decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not text: a directory is a text file with a statement on each line") from None
