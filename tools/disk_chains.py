"""Channel programs for disks, run on our drives and on Hercules' and compared: status, sense, data and the volume.

    python -m tools.disk_chains --chains 3000 --seed 7 --type 3330

Each chain runs on the volume as the ones before it left it, on both machines.  Hercules presents channel end and
device end together and never unit check alone; `Outcome` does away with that and other differences of form.
"""

import argparse
import random
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edu_hv.asm.assembler import assemble
from edu_hv.devices.ckd_image import DiskImage
from edu_hv.devices.ckd_track import Track
from edu_hv.devices.disk import DRIVES, DiskDrive, drive_for
from edu_hv.devices.disk_sense import FILE_PROTECTED, INVALID_SEQUENCE, SEEK_CHECK, SHORT_SENSE
from edu_hv.isa.codes import CCWFlag, ChannelStatus, Sense, UnitStatus
from edu_hv.machine.ccw import CCW, CSW, ENDING
from edu_hv.machine.channel_program import AbsoluteStorage, ChannelProgram
from edu_hv.machine.storage import Storage
from tools.hercules import Case, Hercules

DEVICE = 0x150
CHAIN = 0x3000
ARGUMENTS = 0x4000
AREA = 0x8000
AREA_LENGTH = 0x2000
RESULTS = 0x2800
RESULT_LENGTH = 8 + 8 + 24
CC, SLI, SKIP, CD = CCWFlag.CHAIN_COMMAND, CCWFlag.SUPPRESS_LENGTH_INDICATION, CCWFlag.SKIP, CCWFlag.CHAIN_DATA
TIC = 0x08
NEVER_EMPTY = (0x12, 0x16, 0x1A)
"""Hercules does not chain data after the first CCW of a read that ends with unit exception."""
IMMEDIATE = (0x03, 0x13, 0x17)
"""Hercules indicates incorrect length for these.  GA22-7000 "Incorrect Length": not for an immediate operation."""

DRIVER = f"""
DRIVER   START X'2000'
         BALR  12,0
         USING *,12
         MVC   72(4),CHAINCAW
         SIO   X'{DEVICE:X}'
         BC    4,KEEP                  CSW stored
         BC    3,OVER
WAIT     TIO   X'{DEVICE:X}'
         BC    2,WAIT
KEEP     MVC   SAVED(8),64
SECOND   TIO   X'{DEVICE:X}'
         BC    2,SECOND
         BC    8,ASK
         MVC   SAVED+8(8),64
         B     SECOND
ASK      MVC   72(4),SENSECAW
         SIO   X'{DEVICE:X}'
         BC    1,OVER
         BC    6,ASK                   Busy for a moment longer
SENSING  TIO   X'{DEVICE:X}'
         BC    2,SENSING
OVER     SVC   255
CHAINCAW DC    A(X'{CHAIN:X}')
SENSECAW DC    A(SENSECCW)
SENSECCW DC    0D'0',X'04',AL3(SAVED+16),X'20000018'
         ORG   DRIVER+X'{RESULTS - 0x2000:X}'
SAVED    DS    CL{RESULT_LENGTH}
         END
"""


@dataclass(frozen=True)
class Chain:
    """A channel program from CHAIN on, and what the arguments' and the data's areas hold."""

    ccws: tuple[CCW, ...]
    patches: tuple[tuple[int, bytes], ...] = ()
    name: str = ""

    @property
    def storage(self) -> tuple[tuple[int, bytes], ...]:
        """Everything that has to be in storage."""
        return (*self.patches, (CHAIN, b"".join(ccw.to_bytes() for ccw in self.ccws)))


@dataclass(frozen=True)
class Outcome:
    """What can be compared of a chain's end."""

    status: UnitStatus
    channel_status: int
    address: int
    """0 with status modifier, to which Hercules adds 8 even where nothing is chained."""
    residual: int | None
    """None at a unit check or program check: then it says only whether the argument had been taken already."""
    sense: bytes
    data: bytes = field(repr=False)

    @classmethod
    def of(cls, csw: CSW, later: UnitStatus, sense: bytes, data: bytes) -> "Outcome":
        """`later`: status that came by a second interruption.  Unit check alone counts as one with channel end."""
        status = csw.unit_status | later
        failed = status & UnitStatus.UNIT_CHECK or csw.channel_status & ChannelStatus.PROGRAM_CHECK
        incorrect_length = ChannelStatus.INCORRECT_LENGTH if failed else 0
        return cls(
            status | (ENDING if status & UnitStatus.UNIT_CHECK else UnitStatus(0)),
            csw.channel_status & ~incorrect_length,
            0 if status & UnitStatus.STATUS_MODIFIER else csw.address,
            None if failed else csw.residual,
            _comparable(sense) if status & UnitStatus.UNIT_CHECK else b"",
            data,
        )


def _comparable(sense: bytes) -> bytes:
    """The 2841's sense without what Hercules does not say: seek check, invalid sequence, write inhibited."""
    if len(sense) != SHORT_SENSE:
        return sense
    rejected = sense[0] & Sense.COMMAND_REJECT
    second = sense[1] & ~(INVALID_SEQUENCE | (FILE_PROTECTED if rejected else 0))
    return bytes([sense[0] & ~SEEK_CHECK, second]) + sense[2:]


def run_on_ours(drive: DiskDrive, chain: Chain) -> Outcome:
    """Run a chain on a drive of ours."""
    storage = Storage(0x10000)
    for address, data in chain.storage:
        storage.write(address, data)
    program = ChannelProgram(drive, AbsoluteStorage(storage))
    going = program.start(CHAIN.to_bytes(4, "big"))
    while going:
        going = program.step()
    csw = program.csw
    assert csw is not None
    working = csw.unit_status & ENDING == UnitStatus.CHANNEL_END
    later = drive.finish(program.command) if working else UnitStatus(0)
    return Outcome.of(csw, later, drive.sense, storage.read(AREA, AREA_LENGTH))


class HerculesDisk:
    """A Hercules with one disk on it."""

    def __init__(self, image: Path, machine_type: str) -> None:
        self.hercules = Hercules()
        self.sense_length = DRIVES[machine_type].sense_length
        program = assemble(DRIVER, "driver")
        self.program = tuple((text.address, bytes(text.data)) for text in program.image)
        self.hercules._command(f"attach {DEVICE:04X} {machine_type} {image}")
        found, _ = self.hercules._expect(rf"{image.name}.*cyls=|HHC.*E ", 10, 0)
        if not found or "cyls" not in found[0]:
            raise RuntimeError(f"Hercules does not take {image}: {self.hercules.log[-5:]}")

    def close(self) -> None:
        """End Hercules; the image is complete then."""
        self.hercules.close()

    def run(self, chains: Sequence[Chain]) -> list[Outcome]:
        """The outcomes, in order."""
        cases = [self._case(chain, f"chain {number}") for number, chain in enumerate(chains)]
        return [self._outcome(*outcome.areas) for outcome in self.hercules.run(cases, confirm=False)]

    def _case(self, chain: Chain, name: str) -> Case:
        areas = ((RESULTS, RESULT_LENGTH), (AREA, AREA_LENGTH))
        psw = bytes.fromhex("0000000000002000")
        return Case(psw, storage=(*self.program, *chain.storage), areas=areas, name=name)

    def _outcome(self, results: bytes, data: bytes) -> Outcome:
        csw, later = CSW.from_bytes(results[:8]), CSW.from_bytes(results[8:16])
        return Outcome.of(csw, later.unit_status, results[16 : 16 + self.sense_length], data)


# ---- chains --------------------------------------------------------------------------------------------------------


class Chains:
    """A source of random chains for a volume of a few cylinders."""

    def __init__(self, seed: int, heads: int, cylinders: int, sectors: bool) -> None:
        self.random = random.Random(seed)
        self.heads, self.cylinders, self.sectors = heads, cylinders, sectors

    def chain(self) -> Chain:
        """A chain that most often begins with a seek."""
        self.ccws: list[CCW] = []
        self.patches: list[tuple[int, bytes]] = []
        self.arguments, self.area = ARGUMENTS, AREA
        choose = self.random.random
        self._seek(choose() < 0.03)
        if choose() < 0.4:
            masks = (*(0xC0,) * 10, 0x00, 0x40, 0x80, 0x18, 0x10, 0x08, 0xD8)
            self._control(0x1F, bytes([self.random.choice(masks)]))
        for _ in range(self.random.randint(1, 4)):
            self._part()
        last = self.ccws[-1]
        self.ccws[-1] = CCW(last.command, last.address, last.flags & ~(CC | CD), last.count)
        return Chain(tuple(self.ccws), tuple(self.patches))

    def chains(self, number: int) -> list[Chain]:
        """So many chains, and those that write the records anew every now and then."""
        chains: list[Chain] = []
        for at in range(number):
            chains += self.prelude() if at % 100 == 0 else ()
            chains.append(self.overflow_chain() if self.random.random() < 0.05 else self.chain())
        return chains

    def overflow_chain(self) -> Chain:
        """Write a record that overflows to the next track, read or write it, and erase it again.

        It has no key, and its count is not read: Hercules has the second segment's data in the wrong place then.
        """
        self.ccws, self.patches = [], []
        self.arguments, self.area = ARGUMENTS, AREA
        head = self.random.randrange(self.heads - 1)
        first, second = (bytes([0, 0, 0, 1, 0, head + more]) for more in (0, 1))
        data = bytes(self.random.randrange(256) for _ in range(30))
        self._begin_track(first, mask=True)
        self._fixed(0x01, first[2:] + b"\1\0\0\5" + data[:5])
        self._begin_track(second)
        self._fixed(0x1D, second[2:] + b"\1\0\0\7" + data[5:12])
        self._fixed(0x07, first)
        self._fixed(0x31, first[2:] + b"\1")
        self.ccws.append(CCW(TIC, CHAIN + 8 * (len(self.ccws) - 1), 0, 1))
        self._fixed(self.random.choice((0x05, 0x0D, 0x06, 0x0E)), data[: self.random.randint(1, 30)])
        self._fixed(0x07, first)
        self.ccws.append(CCW(self.random.choice((0x06, 0x0E)), AREA, CC | SLI, self.random.randint(1, 40)))
        self._begin_track(first)
        self.ccws.append(CCW(0x03, 0, SLI, 1))
        return Chain(tuple(self.ccws), tuple(self.patches))

    def _fixed(self, command: int, data: bytes) -> None:
        self.ccws.append(CCW(command, self._argument(data), CC | SLI, len(data)))

    def _begin_track(self, address: bytes, mask: bool = False) -> None:
        """Seek, and write record zero."""
        self._fixed(0x07, address)
        if mask:
            self._fixed(0x1F, b"\xc0")
        self._fixed(0x39, address[2:])
        self.ccws.append(CCW(0x03, 0, CC | SLI, 1))
        self._fixed(0x15, address[2:] + bytes([0, 0, 0, 8]) + bytes(8))

    def prelude(self) -> list[Chain]:
        """Chains that write records, with keys and without, on the tracks that the others use."""
        chains = []
        for cylinder in range(self.cylinders):
            for head in (0, 1, 2, 3, self.heads - 1):
                self.ccws, self.patches, self.arguments = [], [], ARGUMENTS
                self.here = bytes(2) + cylinder.to_bytes(2, "big") + head.to_bytes(2, "big")
                self._begin_track(self.here, mask=True)
                for number in range(1, 5):
                    self._control(0x1D, self._record(self.here[2:] + bytes([number])))
                self.ccws.append(CCW(0x03, 0, SLI, 1))
                chains.append(Chain(tuple(self.ccws), tuple(self.patches)))
        return chains

    def _part(self) -> None:
        """One command, or a search in a loop and what may follow it.

        A multi-track search comes behind a seek, and a seek behind any multi-track command: Hercules counts the index
        points of single-track and multi-track commands together.  GA26-1592 "Multiple Track (M-T) Operation": at the
        index the search goes on with the next head.
        """
        parts = (
            (self._search, 5),
            (self._read, 5),
            (self._format, 2),
            (self._update, 2),
            (self._write_behind_search, 8),
            (self._format_track, 1),
            (self._other, 1),
        )
        methods, weights = zip(*parts, strict=True)
        if self.multi_track:
            self._seek()
        self.random.choices(methods, weights)[0]()

    def _add(self, command: int, address: int, count: int, flags: int = CC) -> None:
        if self.random.random() < 0.8:
            flags |= SLI
        self.ccws.append(CCW(command, address, flags, count))

    def _argument(self, data: bytes) -> int:
        """Put an argument into storage; its address."""
        at, self.arguments = self.arguments, self.arguments + -(-len(data) // 8) * 8
        self.patches.append((at, data))
        return at

    def _control(self, command: int, data: bytes, count: int | None = None) -> None:
        flags = CC | SLI if command in IMMEDIATE else CC
        self._add(command, self._argument(data), len(data) if count is None else count, flags)

    def _seek(self, wrong: bool = False) -> None:
        self.here = self._address(wrong)
        self.multi_track = False
        self._control(self.random.choice((0x07, 0x07, 0x07, 0x0B)), self.here)

    def _address(self, wrong: bool = False) -> bytes:
        pick = self.random
        cylinder, head = pick.randrange(self.cylinders), pick.choice((0, 1, 2, 3, self.heads - 1))
        if wrong:
            cylinder, head = pick.choice(((self.cylinders, 0), (0, self.heads), (0xFFFF, 0)))
        return bytes(2) + cylinder.to_bytes(2, "big") + head.to_bytes(2, "big")

    def _identifier(self) -> bytes:
        address = self._address() if self.random.random() < 0.1 else self.here
        return address[2:] + bytes([self.random.randrange(5)])

    def _key(self) -> bytes:
        return bytes([0xC1 + self.random.randrange(4)]) * self.random.choice((1, 2, 4, 4))

    def _search(self) -> None:
        pick = self.random
        kind = pick.choice((0x31, 0x31, 0x31, 0x51, 0x71, 0x29, 0x29, 0x49, 0x69, 0x39))
        bit = pick.choice((0, 0, 0x80))
        if bit:
            self._seek()
        self.multi_track = bool(bit)
        data = {0x39: self.here[2:]}.get(kind) or (self._key() if kind & 0x0F == 9 else self._identifier())
        if kind == 0x39:
            self._control(kind | bit, data, pick.choice((4, 4, 3)))
            self._pass(0.8)
            return
        self._control(kind | bit, data, len(data) - (pick.random() < 0.1 and len(data) > 1))
        at = CHAIN + 8 * (len(self.ccws) - 1)
        self._pass(0.9, at)
        if bit:
            self._read()

    def _pass(self, chance: float, target: int | None = None) -> None:
        """What stands where a search that fails goes on: back to it, or over a no-operation."""
        if self.random.random() < chance:
            back = CHAIN + 8 * len(self.ccws) + 8 if target is None else target
            if target is None:
                self.ccws.append(CCW(0x03, 0, CC | SLI, 1))
            else:
                self.ccws.append(CCW(TIC, back, 0, 1))

    def _read(self) -> None:
        command = self.random.choice((0x06, 0x0E, 0x12, 0x16, 0x1A, 0x1E)) | self.random.choice((0, 0, 0x80))
        count = self.random.choice((1, 4, 5, 8, 16, 40, 100, 200))
        if self.area + count > AREA + AREA_LENGTH:
            return
        flags = CC | (SKIP if self.random.random() < 0.05 else 0)
        if count > 4 and command & 0x7F in NEVER_EMPTY and self.random.random() < 0.3:
            self.ccws.append(CCW(command, self.area, CD, 3))
            self._add(0, self.area + 3, count - 3, flags)
        else:
            self._add(command, self.area, count, flags)
        self.area += count
        self.multi_track = self.multi_track or command >= 0x80

    def _record(self, identifier: bytes | None = None) -> bytes:
        pick = self.random
        key = pick.choice((b"", self._key()))
        data = bytes(pick.randrange(256) for _ in range(pick.choice((0, 1, 8, 20, 80, 130))))
        identifier = identifier or self.here[2:] + bytes([pick.randint(1, 5)])
        return identifier + bytes([len(key)]) + len(data).to_bytes(2, "big") + key + data

    def _format(self) -> None:
        for _ in range(self.random.randint(1, 3)):
            record = self._record()
            count = len(record) - self.random.choice((0, 0, 0, 1, 3))
            self._control(self.random.choice((0x1D, 0x1D, 0x1D, 0x11)), record, count + self.random.choice((0, 0, 5)))

    def _write_behind_search(self) -> None:
        """What programs do: a search that is likely to succeed, then a write."""
        self._control(0x31, self.here[2:] + bytes([self.random.randint(0, 3)]))
        self._pass(1, CHAIN + 8 * (len(self.ccws) - 1))
        if self.random.random() < 0.2:
            self._read()
        self.random.choice((self._update, self._format))()

    def _update(self) -> None:
        data = bytes(self.random.randrange(256) for _ in range(self.random.choice((1, 8, 24, 84))))
        self._control(self.random.choice((0x05, 0x05, 0x0D)), data)

    def _format_track(self) -> None:
        """Record zero and others, behind a search for the home address."""
        self._seek()
        address = self.here
        self._control(0x39, address[2:])
        self._pass(1)
        self._control(0x15, address[2:] + bytes([0, 0, 0, 8]) + bytes(8))
        for number in range(self.random.randint(0, 4)):
            self._control(0x1D, self._record(address[2:] + bytes([number + 1])))

    def _other(self) -> None:
        pick = self.random
        match pick.choice(("head", "seek", "short", "nop", "sector", "read-sector", "mask", "restore", "bad", "recal")):
            case "head":
                self._control(0x1B, self._address())
            case "seek":
                self._seek(pick.random() < 0.1)
            case "short":
                self._control(0x07, self._address(), 5)
            case "nop":
                self._control(0x03, b"\0")
            case "sector" if self.sectors:
                self._seek()
                self._control(0x23, bytes([pick.choice((0, 255))]))
            case "read-sector" if self.sectors:
                self._add(0x22, self.area, 1, CC | SKIP)
            case "mask":
                self._control(0x1F, bytes([pick.choice((0xC0, 0x20, 0x18))]))
            case "restore":
                self._control(0x17, b"\0")
            case "recal":
                self._control(0x13, b"\0")
            case "bad":
                self._control(pick.choice((0x21, 0xFF, 0x43)), b"\0")
            case _:
                pass


# ---- comparing -----------------------------------------------------------------------------------------------------


def make_volume(folder: Path, machine_type: str, cylinders: int) -> Path:
    """A fresh volume made by dasdinit."""
    path = folder / f"{machine_type}.ckd"
    path.unlink(missing_ok=True)
    command = ["dasdinit", str(path), machine_type, "TEST01", str(cylinders)]
    subprocess.run(command, check=True, capture_output=True)
    return path


def different_tracks(first: DiskImage, second: DiskImage) -> Iterator[tuple[int, Track, Track]]:
    """Tracks that are not the same on two volumes."""
    for number in range(first.tracks):
        if first.track(number) != second.track(number):
            yield number, first.track(number), second.track(number)


@dataclass
class Report:
    """What came of many chains."""

    chains: int = 0
    different: list[tuple[Chain, Outcome, Outcome]] = field(default_factory=list)
    tracks: list[tuple[int, Track, Track]] = field(default_factory=list)
    endings: Counter[str] = field(default_factory=Counter)


def compare(chains: Sequence[Chain], machine_type: str, cylinders: int = 3, program: str = "") -> Report:
    """Run the chains on both machines, each on a fresh volume of its own."""
    report = Report()
    with tempfile.TemporaryDirectory(prefix="chains-") as folder:
        image = make_volume(Path(folder), machine_type, cylinders)
        drive = drive_for(DiskImage.from_bytes(image.read_bytes(), image.name))
        machine = HerculesDisk(image, machine_type)
        try:
            theirs = machine.run(chains)
        finally:
            machine.close()
        for chain, their in zip(chains, theirs, strict=True):
            our = run_on_ours(drive, chain)
            report.chains += 1
            report.endings[f"{our.status:02X}{our.channel_status:02X} {our.sense[:2].hex()}"] += 1
            if our != their:
                report.different.append((chain, our, their))
        volume = drive.volume
        assert volume is not None
        report.tracks = list(different_tracks(volume, DiskImage.from_bytes(image.read_bytes(), image.name)))
    return report


def describe(chain: Chain) -> str:
    """A chain in words of hexadecimal."""
    arguments = dict(chain.patches)
    lines = (f"   {ccw.to_bytes().hex(' ', 4)}  {arguments.get(ccw.address, b'').hex()}" for ccw in chain.ccws)
    return "\n".join(lines)


def main() -> None:
    """Compare as many random chains as asked for, and print the differences."""
    parser = argparse.ArgumentParser(description="Compare disk channel programs with Hercules.")
    parser.add_argument("--chains", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--type", default="3330")
    parser.add_argument("--show", type=int, default=3)
    options = parser.parse_args()
    heads = {"2311": 10, "2314": 20, "3330": 19, "3340": 12, "3350": 30}[options.type]
    source = Chains(options.seed, heads, 3, options.type >= "3330")
    report = compare(source.chains(options.chains), options.type)
    print(f"{report.chains} chains, {len(report.different)} different, {len(report.tracks)} tracks different")
    for ending, number in report.endings.most_common():
        print(f"   {number:6} {ending}")
    for chain, our, their in report.different[: options.show]:
        print(describe(chain), f"ours   {our}", f"theirs {their}", sep="\n")
        if our.data != their.data:
            at = next(n for n in range(AREA_LENGTH) if our.data[n] != their.data[n])
            print(f"data at {at}: {our.data[at : at + 40].hex()} {their.data[at : at + 40].hex()}")


if __name__ == "__main__":
    main()
