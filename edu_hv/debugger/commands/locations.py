"""What a person writes to name a location.

    gr5  r5  fpr2  cr0                      a register
    psw  psw.cc  cc  mask  key  ia  ...     the PSW, a field of it
    600  600.8  BUFFER  BUFFER+4.8  600 8   storage: 4 bytes, or so many
    real 600.8   real gr5   real psw.key    of the real machine
    key 600      key real 600               a storage key
    pte 600      pte shadow 600   pte own 600   a page-table entry: CP's, of the shadow tables, the guest's own
    timer  comparator  cputimer  tod        a clock
    vmblok vmrstat   device 009 vdevstat   cp scheduler.queue    a field of a block of CP

Each may be of another guest than the selected one: SECOND:gr5, or gr5 of SECOND.
"""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from edu_hv.debugger.commands.arguments import is_device, labels, parse_address, parse_real_address, short
from edu_hv.debugger.expression_names import register_number
from edu_hv.debugger.microscope.ladder import cp_walk, own_walk
from edu_hv.debugger.microscope.tables import PAGE_ENTRY, Walked, walked
from edu_hv.debugger.microscope.target import LOGICAL, VIRTUAL, Target
from edu_hv.debugger.psw_fields import FIELDS, field_named
from edu_hv.debugger.writers.addressing import of_guest, real_storage, storage_at
from edu_hv.debugger.writers.locations import (
    CLOCKS,
    REAL,
    BlockLocation,
    ClockLocation,
    KeyLocation,
    Location,
    PswLocation,
    RegisterLocation,
    StorageLocation,
    follow,
)
from edu_hv.isa.codes import PSA
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

USUAL_LENGTH = 4
_DECIMAL = re.compile("[0-9]{1,5}")
_HEX = re.compile("[0-9A-Fa-f]{1,4}")


_LOW_WORDS = {
    "timer": (PSA.INTERVAL_TIMER, 4, "the interval timer"),
    "csw": (PSA.CSW, 8, "the CSW"),
    "caw": (PSA.CAW, 4, "the CAW"),
}
"""Names of what has its place in low storage: address, length, title."""


def parse_location(session: "DebugSession", text: str) -> Location:
    """The location that is named.  Raises UserError with one sentence for anything else."""
    session.system  # noqa: B018 - says so when nothing is loaded
    words, guest = _whose(session, text.split())
    if not words:
        raise UserError("say what: a register (gr5), psw.cc, an address (600.4), key 600, pte 600, vmblok vmpstat")
    with_guest = _Named(session, guest)
    return with_guest.location(words)


def _whose(session: "DebugSession", words: list[str]) -> tuple[list[str], str]:
    """The words without the guest, and the guest: the selected one unless one is named."""
    if len(words) >= 2 and words[-2].lower() == "of":
        return words[:-2], session.system.guest(words[-1]).name
    head, colon, rest = words[0].partition(":") if words else ("", "", "")
    if colon:
        return [*([rest] if rest else []), *words[1:]], session.system.guest(head).name
    return words, session.guest.name


class _Named:
    """Locations of one guest."""

    def __init__(self, session: "DebugSession", guest: str) -> None:
        self.session, self.guest = session, guest

    @property
    def vm(self) -> bool:
        """Whether it is a virtual machine."""
        return self.session.system.cp is not None

    def location(self, words: list[str]) -> Location:
        """What the words name."""
        first, rest = words[0].lower(), words[1:]
        kinds: dict[str, Callable[[list[str]], Location]] = {
            "real": self._real,
            "key": self._key,
            "pte": self._page_entry,
            "vmblok": self._vmblok,
            "device": self._device,
            "cp": self._cp,
        }
        if first in kinds and (rest or first != "key"):
            return kinds[first](rest)
        if first == "psw" and len(rest) == 1:
            return self._field(rest[0], self.guest)
        if not rest and (found := self._plain(words[0], self.guest)) is not None:
            return found
        return self._storage(words)

    def _plain(self, word: str, owner: str) -> Location | None:
        """A register, a PSW field or a clock; a label of the program goes first, but for registers."""
        register = register_number(word)
        if register is not None and not self._is_hex_only(word):
            return RegisterLocation(owner, register[0].upper(), register[1])
        plain = word.lower()
        if plain.startswith("psw."):
            return self._field(plain[4:], owner)
        if plain == "psw":
            return PswLocation(owner, "control")
        if plain == "timer" or (plain in _LOW_WORDS and not self._label(word)):
            return self._low_word(plain, owner)
        if plain in CLOCKS:
            return ClockLocation(owner, plain)
        field = field_named(plain)
        return PswLocation(owner, field) if field and not self._label(word) else None

    @staticmethod
    def _is_hex_only(word: str) -> bool:
        """F2 is an address; fpr2 and $f2 are registers."""
        return bool(_HEX.fullmatch(word)) or word[:1].lower() in "xy"

    def _label(self, word: str) -> bool:
        assembly = self.session.assembly_of(self.guest)
        return assembly is not None and word.upper() in assembly.symbols

    def _field(self, name: str, owner: str) -> PswLocation:
        field = field_named(name)
        if field is None:
            raise UserError(f'"{short(name)}" is no field of the PSW; there are {", ".join(FIELDS)}')
        return PswLocation(owner, field)

    def _low_word(self, name: str, owner: str) -> StorageLocation:
        at, length, title = _LOW_WORDS[name]
        place = of_guest(self.session.system, owner, at, length)
        return StorageLocation(owner, place.pieces, place.words, title=title, command=name)

    # ---- storage -----------------------------------------------------------------------------------------------

    def _storage(self, words: list[str]) -> StorageLocation:
        address, length = self._range(words, lambda text: parse_address(self.session, text))
        return storage_at(self.session, address, length, self.guest)

    def _range(self, words: list[str], parse: Callable[[str], int]) -> tuple[int, int]:
        """Address and length: ADDRESS, ADDRESS.LENGTH (hexadecimal, as in CP's DISPLAY), ADDRESS LENGTH (decimal)."""
        base, dot, length = words[0].rpartition(".") if "." in words[0][1:] else (words[0], "", "")
        if len(words) > 2 or (dot and len(words) > 1):
            raise UserError(f'"{short(" ".join(words))}" is more than an address and a length, such as 600.8')
        if dot and not _HEX.fullmatch(length):
            raise UserError(f'"{short(length)}" is not a hexadecimal number of bytes, such as 8 in 600.8')
        if len(words) == 2 and not _DECIMAL.fullmatch(words[1]):
            raise UserError(f'"{short(words[1])}" is not a number of bytes')
        size = int(length, 16) if dot else int(words[1]) if len(words) == 2 else USUAL_LENGTH
        return parse(base), size

    def _real(self, words: list[str]) -> Location:
        if not words:
            raise UserError("real of what? real gr5, real psw.key, real 600.8")
        if len(words) == 1 and (found := self._plain(words[0], REAL)) is not None:
            return found
        address, length = self._range(words, lambda text: parse_real_address(self.session, text))
        return real_storage(self.session, address, length)

    def _key(self, words: list[str]) -> KeyLocation:
        if words[0].lower() == "real":
            if len(words) != 2:
                raise UserError("key real needs one address, such as key real 2000")
            place = real_storage(self.session, parse_real_address(self.session, words[1]), 1)
        else:
            place = self._storage([*words, "1"] if len(words) == 1 else words)
        return KeyLocation(place.owner, place.pieces[0][0])

    # ---- page tables -------------------------------------------------------------------------------------------

    def _page_entry(self, words: list[str]) -> StorageLocation:
        """The page-table entry of CP for a page of the guest; of the shadow tables; of the guest's own tables."""
        which = words[0].lower() if words else ""
        which = which if which in ("shadow", "own") else "" if self.vm else "own"
        rest = words[1:] if words and words[0].lower() in ("shadow", "own") else words
        if len(rest) != 1:
            raise UserError("pte needs one address: pte 2000, pte shadow 2000, pte own 2000")
        address = parse_address(self.session, rest[0])
        psw = self.session.guest_psw(self.guest)
        registers = tuple(self.session.guest_control_registers(self.guest))
        guest = self.session.system.guest(self.guest)
        held = Target(self.session.system, guest, address, LOGICAL if psw.dat else VIRTUAL, psw, registers)
        if which == "own":
            return self._entry(own_walk(held), self.guest, "page-table entry", f"pte own {address:06X}")
        if which == "shadow":
            if held.vm is None or held.vm.shadow is None or not held.vm.shadow.exist:
                raise UserError(f"{self.guest} has no shadow tables: a guest with DAT on has")
            found = walked(address, held.vm.shadow.cr0, held.vm.shadow.cr1, held.cpu.load_real)
            return self._entry(found, REAL, "shadow page-table entry", f"pte shadow {address:06X}")
        held = Target(self.session.system, guest, address, "guest-real", psw, registers)
        real = address if not psw.dat else own_walk(Target(held.system, guest, address, LOGICAL, psw, registers)).real
        if real is None:
            raise UserError(f"{address:06X} is mapped to nothing by the tables of {self.guest}: address shows why")
        return self._entry(cp_walk(held, real), REAL, "CP's page-table entry", f"pte {address:06X}")

    def _entry(self, found: Walked, owner: str, title: str, command: str) -> StorageLocation:
        """The place of the entry to which a walk has come."""
        entries = [(at, len(text)) for at, text in found.fetched if len(text) == PAGE_ENTRY]
        if not entries:
            raise UserError(f"there is no page-table entry for {found.address:06X}: the walk ends at the segment table")
        at, length = entries[-1]
        place = of_guest(self.session.system, owner, at, length)
        name = f"{'' if title.startswith('CP') else 'the '}{title} of {found.address:06X}"
        name += "" if owner else f" for {self.guest}"
        return StorageLocation(owner, place.pieces, place.words, True, name, command)

    # ---- blocks of CP ------------------------------------------------------------------------------------------

    def _vmblok(self, words: list[str]) -> BlockLocation:
        return self._block("vmblok", words, "vmpstat")

    def _device(self, words: list[str]) -> BlockLocation:
        if not words or not is_device(words[0]):
            raise UserError("device needs an address and a field, such as device 009 vdevstat")
        return self._block(f"device {int(words[0], 16):03X}", words[1:], "vdevstat")

    def _cp(self, words: list[str]) -> BlockLocation:
        return self._block("cp", words, "slice")

    def _block(self, block: str, words: list[str], example: str) -> BlockLocation:
        if not self.vm:
            raise UserError("this is the bare machine: it has no CP with blocks; try load cp kernel")
        if len(words) != 1:
            raise UserError(f"{block} needs the name of one field, such as {block} {example}")
        location = BlockLocation(REAL if block == "cp" else self.guest, block, words[0].lower())
        root = location.root(self.session.system)
        if root is None:
            raise UserError(f"{self.guest} has no {block}; devices lists what it has")
        if not follow(root, location.path)[0]:
            near = ", ".join(fields(root)[:12])
            raise UserError(f'"{short(words[0])}" is no field of {block}; there are {near} ...')
        return location


def fields(root: object) -> list[str]:
    """The names of the plain fields of a block."""
    names = [name for name in dir(root) if not name.startswith("_") and not name.isupper()]
    return [name for name in names if follow(root, name)[0]]


# ---- completion ------------------------------------------------------------------------------------------------------


def offered(session: "DebugSession", text: str) -> Iterable[str]:
    """What may stand at the end of the operand's text: each with a tabulator and what it is."""
    words = text.split() if text and not text[-1].isspace() else [*text.split(), ""]
    before = [word.lower() for word in words[:-1]]
    if before[-1:] == ["of"]:
        return [guest.name for guest in session.system.guests]
    if before[-1:] == ["vmblok"]:
        return _offered_fields(session, "vmblok")
    if len(before) >= 2 and before[-2] == "device":
        return _offered_fields(session, f"device {before[-1]}")
    if before[-1:] == ["device"] and session.guest.vm is not None:
        return [f"{address:03X}" for address in sorted(session.guest.vm.devices)]
    if before[-1:] == ["cp"]:
        return fields(session.system.cp) if session.system.cp else []
    if before[-1:] == ["psw"]:
        return [f"{name}\t{found.title}" for name, found in FIELDS.items()]
    if before[-1:] in (["key"], ["pte"]):
        more = (
            ["real\tof the real machine"] if before == ["key"] else ["shadow\tof the shadow tables", "own\tthe guest's"]
        )
        return [*more, *labels(session)]
    if before:
        return _registers() if before == ["real"] else []
    return _first_words(session)


def _first_words(session: "DebugSession") -> list[str]:
    found = [*_registers(), *(f"psw.{name}\t{field.title}" for name, field in FIELDS.items())]
    found += [f"{name}\t{title}" for name, (_, _, title) in _LOW_WORDS.items()]
    found += [f"{name}\t{words}" for name, words in CLOCKS.items()]
    found += [
        "key\ta storage key: key 2000",
        "pte\ta page-table entry: pte 2000",
        "real\tof the real machine: real gr5",
    ]
    if session.system.cp is not None:
        found += ["vmblok\ta field of the VMBLOK: vmblok vmpstat", "device\ta field of a device: device 009 vdevstat"]
        found += ["cp\ta field of CP: cp slice"]
    return [*found, *labels(session)]


def _registers() -> list[str]:
    general = [f"gr{n}\tgeneral register {n}" for n in range(16)]
    floating = [f"fpr{n}\tfloating-point register {n}" for n in (0, 2, 4, 6)]
    return [*general, *floating, *(f"cr{n}\tcontrol register {n}" for n in range(16))]


def _offered_fields(session: "DebugSession", block: str) -> list[str]:
    if session.system.cp is None:
        return []
    root = BlockLocation(session.guest.name, block, "").root(session.system)
    return [] if root is None else fields(root)
