"""The guests by name, and a user's own program or deck by path.

A guest gives what a machine needs to run it: the deck for the card reader at 00C, the tape for the drive at 181; and
what a person needs to read it: the assembly.  Nothing here knows a machine.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path

from edu_hv.asm.assembler import Assembly, assemble
from edu_hv.asm.deck import CARD, bootable, check_apart, read_deck
from edu_hv.asm.object_deck import OBJECT_CARD, check_last_card, loadable, refuse_other_files
from edu_hv.guests.files import PROGRAM, read_file
from edu_hv.isa.errors import UserError

FOLDER = Path(__file__).parent
LOADER = FOLDER / "loader.asm"
OBJECT_LOADER = FOLDER / "object_loader.asm"

_PROGRAM = ".asm"
_DECKS = (".deck", ".obj")


@dataclass(frozen=True)
class Guest:
    """A program to IPL.  `source` is assembler source, a deck that is IPLed as it is, or one of object modules."""

    name: str
    title: str
    source: Path
    tape_image: Path | None = None
    own_guest: "Guest | None" = None
    """A control program's own guest: its deck follows in the same reader."""
    cards: Path | None = None
    """Lines of text, each a card behind the deck for the program to read."""
    ecmode: bool = False
    """It needs the control registers and the EC mode of a System/370: under CP, OPTION ECMODE in the directory."""

    def assembly(self) -> Assembly | None:
        """The assembled source, None for a deck.  Raises `AssemblyError`, or `UserError` when it cannot be read."""
        return self._assembly

    def deck(self) -> bytes:
        """The cards to IPL from, 80 bytes each in EBCDIC: loader and program, then the own guest or the data cards."""
        return self._deck

    def data_cards(self) -> bytes:
        """The cards behind the deck that the program reads, 80 bytes each in EBCDIC."""
        lines = _read_text(self.cards).splitlines() if self.cards else []
        return b"".join(line.ljust(CARD).encode("cp037") for line in lines)

    def tape(self) -> bytes | None:
        """The AWS image of the guest's tape, if it comes with one."""
        return None if self.tape_image is None else _read(self.tape_image)

    def source_text(self) -> str | None:
        """The source that was assembled; None for a deck."""
        return self._text

    @cached_property
    def _text(self) -> str | None:
        return None if _is_deck(self.source) else _read_text(self.source)

    @cached_property
    def _assembly(self) -> Assembly | None:
        return None if self._text is None else assemble(self._text, self.source.name)

    @cached_property
    def _deck(self) -> bytes:
        if self._assembly is None:
            return _deck(_read(self.source), self.source.name)
        check_apart(loader(), self._assembly)
        behind = (self.own_guest.deck() if self.own_guest else b"") + self.data_cards()
        return bootable(loader(), self._assembly) + behind


def _by_name(guests: Iterable[Guest]) -> dict[str, Guest]:
    return {guest.name: guest for guest in guests}


KERNEL = Guest("kernel", "An operating system for two tasks", FOLDER / "kernel.asm", FOLDER / "welcome.aws")

GUESTS = _by_name([
    KERNEL,
    Guest("second", "The same operating system with another tape", FOLDER / "kernel.asm", FOLDER / "second.aws"),
    Guest("hello", "One line on the console", FOLDER / "hello.asm"),
    Guest("diagnose", "A guest that asks CP about itself", FOLDER / "diagnose.asm"),
    Guest("minicp", "A CP whose guest is the kernel", FOLDER / "minicp.asm", KERNEL.tape_image, KERNEL, ecmode=True),
    Guest("parakernel", "The kernel, asking CP by DIAGNOSE", FOLDER / "parakernel.asm", KERNEL.tape_image),
    Guest("twospace", "An operating system with two address spaces", FOLDER / "twospace.asm", ecmode=True),
    Guest("busy", "All devices busy at once", FOLDER / "busy.asm", cards=FOLDER / "busy.cards"),
    Guest("hostile", "A guest that tries to get out of its machine", FOLDER / "hostile.asm", ecmode=True),
])  # fmt: skip


@cache
def loader() -> Assembly:
    """The IPL loader that the deck of an assembled program begins with."""
    return assemble(_read_text(LOADER), LOADER.name)


@cache
def object_loader() -> Assembly:
    """The IPL loader for object modules, whoever made them."""
    return assemble(_read_text(OBJECT_LOADER), OBJECT_LOADER.name)


def find(name_or_path: str) -> Guest:
    """The guest of that name, or the user's program in a file that ends in .asm, .deck or .obj.

    Raises `UserError` for an unknown name, a file that cannot be read or a damaged deck, `AssemblyError` for mistakes
    in a source.
    """
    if guest := GUESTS.get(name_or_path.lower()):
        return guest
    path = Path(name_or_path).expanduser()
    if path.suffix.lower() not in (_PROGRAM, *_DECKS):
        raise UserError(_unknown(name_or_path))
    guest = Guest(path.stem, f"Your {'deck' if _is_deck(path) else 'program'} {path.name}", path)
    guest.deck()
    return guest


def _unknown(name: str) -> str:
    close = get_close_matches(name.lower(), GUESTS, n=1)
    suggestion = f"; did you mean {close[0]}?" if close else ""
    files = "files ending in .asm, .deck or .obj"
    return f"no guest is called {name}; there are {', '.join(GUESTS)}, and {files}{suggestion}"


def _is_deck(path: Path) -> bool:
    return path.suffix.lower() in _DECKS


def _deck(data: bytes, name: str) -> bytes:
    """The deck, with the object loader before it if it has none: object modules come first or behind a loader."""
    refuse_other_files(data, name)
    cards = read_deck(data, name)
    if cards[0][0] == OBJECT_CARD:
        return loadable(object_loader(), data, name)
    check_last_card(cards, name)
    return data


def _read_text(path: Path) -> str:
    try:
        return _read(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not text: byte {error.start} is not UTF-8; expected assembler source") from error


def _read(path: Path) -> bytes:
    return read_file(path, PROGRAM)
