"""Channel programs with every kind of CCW, run on our channel and on Hercules' and compared: CSW and data.

    python -m tools.channel_chains --chains 3000 --seed 7

The device is a tape drive whose tape is only read: each chain rewinds it and spaces to a block, then come CCWs that
chain data and commands, skip, transfer in channel, address data indirectly, read backward, and go wrong in all ways a
channel has to find.  Hercules presents channel end and device end together, also for immediate commands, which then
give condition code 0; it has no control-unit end, keeps channel end beside unit exception at device end, and does not
look at the reserved bits of the CAW.  `Outcome` does away with what can differ.
"""

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edu_hv.asm.assembler import assemble
from edu_hv.devices.tape import Tape, TapeDrive, aws_image
from edu_hv.isa.codes import CCWFlag, ChannelStatus, UnitStatus
from edu_hv.machine.ccw import CCW, CSW, ENDING
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from tools.hercules import SIZE, Case, Hercules

DEVICE = 0x181
CHAIN, MORE, LISTS, AREA, RESULTS = 0x3000, 0x3800, 0x4000, 0x8000, 0x2800
AREA_LENGTH = 0x2000
RESULT_LENGTH = 8 + 8 + 4
BLOCKS = tuple(bytes((n * 37 + i) & 0xFF for i in range(length)) for n, length in enumerate((1, 80, 300, 2048, 5000)))
REWIND, SPACE, READ, BACKWARD, NOP, TIC, SENSE = 0x07, 0x37, 0x02, 0x0C, 0x03, 0x08, 0x04
CC, CD, SLI, SKIP, IDA = (
    CCWFlag.CHAIN_COMMAND,
    CCWFlag.CHAIN_DATA,
    CCWFlag.SUPPRESS_LENGTH_INDICATION,
    CCWFlag.SKIP,
    CCWFlag.INDIRECT_DATA_ADDRESS,
)
MOST_UNITS = 100_000

DRIVER = f"""
DRIVER   START X'2000'
         BALR  12,0
         USING *,12
         XC    64(8),64
         MVC   72(4),CAW
         SIO   X'{DEVICE:X}'
         BALR  3,0                     condition code in bits 2-3
         ST    3,SAVED+16
         BC    5,KEEP                  CSW stored, or not operational
WAIT     TIO   X'{DEVICE:X}'
         BC    2,WAIT
KEEP     MVC   SAVED(8),64
SECOND   TIO   X'{DEVICE:X}'
         BC    2,SECOND
         BC    8,OVER
         MVC   SAVED+8(8),64
         B     SECOND
OVER     SVC   255
CAW      DS    F
         ORG   DRIVER+X'{RESULTS - 0x2000:X}'
SAVED    DS    CL{RESULT_LENGTH}
         END
"""
_program = assemble(DRIVER, "driver")
PROGRAM = tuple((text.address, bytes(text.data)) for text in _program.image)
CAW = _program.address_of("CAW")


@dataclass(frozen=True)
class Chain:
    """A CAW and what has to be in storage, with storage keys."""

    caw: int
    storage: tuple[tuple[int, bytes], ...]
    keys: tuple[tuple[int, int], ...]

    @property
    def patches(self) -> tuple[tuple[int, bytes], ...]:
        """Everything for storage: the driver, the CAW, the chain."""
        return (*PROGRAM, (CAW, self.caw.to_bytes(4, "big")), *self.storage)


@dataclass(frozen=True)
class Outcome:
    """What can be compared of a chain's end."""

    status: UnitStatus
    """None with a program or protection check: Hercules finds some before the device has begun."""
    channel_status: ChannelStatus
    """Without incorrect length beside such a check; GA22-7000 "Status": one condition or all may be indicated."""
    place: tuple[int, int, int] | None
    """Key, CCW address and residual count; None where START I/O stores the status only, or the count is
    unpredictable: after program check and protection check."""
    data: bytes = field(repr=False)
    """Not compared at a protection check: Hercules looks at the keys of the whole area before it stores."""

    @classmethod
    def of(cls, results: bytes, data: bytes) -> "Outcome":
        """Take apart what the driver saved."""
        csw, later = CSW.from_bytes(results[:8]), CSW.from_bytes(results[8:16])
        status = csw.unit_status | (later.unit_status & ~UnitStatus.BUSY)
        status &= ~UnitStatus.CONTROL_UNIT_END
        status |= ENDING if status & (UnitStatus.UNIT_CHECK | UnitStatus.UNIT_EXCEPTION) else UnitStatus(0)
        failed = csw.channel_status & (ChannelStatus.PROGRAM_CHECK | ChannelStatus.PROTECTION_CHECK)
        place = (csw.key, csw.address, 0 if failed else csw.residual) if csw.address else None
        data = b"" if failed & ChannelStatus.PROTECTION_CHECK else data
        return cls(UnitStatus(0) if failed else status, failed or csw.channel_status, place, data)

    def differs(self, other: "Outcome") -> bool:
        """Whether the two say different things; what one stored only the status of is compared in that."""
        place = self.place != other.place and None not in (self.place, other.place)
        return place or (self.status, self.channel_status, self.data) != (
            other.status,
            other.channel_status,
            other.data,
        )


# ---- making chains -------------------------------------------------------------------------------------------------


class Maker:
    """One random chain."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.storage: list[tuple[int, bytes]] = []
        self.lists = LISTS
        self.key = rng.choice((0, 0, 0, 0, 0, 1))

    def chain(self) -> Chain:
        """Rewind, space, then up to four commands."""
        rng = self.rng
        ccws = [CCW(REWIND, 0, CC, 1)] + [CCW(SPACE, 0, CC, 1)] * rng.randrange(len(BLOCKS))
        for number in range(rng.randrange(1, 4)):
            last = number == 2 or rng.random() < 0.3
            ccws += self._command(last)
            if last:
                break
        self._place(ccws)
        bad = rng.random() < 0.03
        caw = rng.choice((CHAIN + 4, SIZE)) if bad else CHAIN
        keys = tuple((AREA + at, rng.choice((0x00, 0x10, 0x18, 0x20))) for at in range(0, AREA_LENGTH, 0x800))
        return Chain(self.key << 28 | caw, tuple(self.storage), keys if rng.random() < 0.2 else ())

    def _place(self, ccws: Sequence[CCW]) -> None:
        """At CHAIN; somewhere a TIC may lead to the rest."""
        cut = self.rng.randrange(1, len(ccws)) if self.rng.random() < 0.3 else len(ccws)
        here, there = list(ccws[:cut]), list(ccws[cut:])
        if there:
            target = MORE if self.rng.random() < 0.9 else self.rng.choice((MORE + 4, SIZE, MORE + 16))
            here.append(CCW(TIC | self.rng.choice((0, 0x10, 0xF0)), target, self.rng.choice((0, 0xFF)), 0))
            if self.rng.random() < 0.1:
                there.insert(0, CCW(TIC, MORE + 8, 0, 0))
        self.storage.append((CHAIN, b"".join(ccw.to_bytes() for ccw in here)))
        self.storage.append((MORE, b"".join(ccw.to_bytes() for ccw in there)))

    def _command(self, last: bool) -> Iterator[CCW]:
        rng = self.rng
        command = rng.choice((READ, READ, READ, BACKWARD, NOP, SPACE))
        flags = CCWFlag(0) if last else CC
        flags |= SLI if rng.random() < 0.6 else CCWFlag(0)
        if command in (NOP, SPACE):
            yield CCW(command, 0, flags, rng.choice((1, 5)))
            return
        code, backward = command, command == BACKWARD
        while rng.random() < 0.35:
            yield self._data(code, CD | (SLI if rng.random() < 0.5 else 0), backward)
            code = rng.choice((command, 0x00, 0xFF))  # It is not looked at.
        yield self._data(code, flags, backward)

    def _data(self, command: int, flags: int, backward: bool) -> CCW:
        rng = self.rng
        count = rng.choice((1, 2, 79, 80, 81, 299, 300, 2047, 2048, 3000, 5000))
        address = AREA + rng.randrange(AREA_LENGTH // 2) + (AREA_LENGTH // 2 if backward else 0)
        if rng.random() < 0.2:
            flags |= SKIP
        if rng.random() < 0.25:
            address, flags = self._list(address, count, backward), flags | IDA
        if rng.random() < 0.04:
            count, flags, address, command = rng.choice(
                ((0, flags, address, command), (count, flags | 1, address, command),
                 (count, flags, 0xFFFFFF if self.key or flags & IDA else SIZE - 8, command),
                 (count, flags, address, 0x00), (count, flags, address, 0xF0), (count, flags, 0xFFFFFF, command))
            )  # fmt: skip
        return CCW(command, address, flags, count)

    def _list(self, address: int, count: int, backward: bool) -> int:
        """A list of IDAWs for an area that is anywhere; sometimes wrong."""
        words, at, left = [address], self.lists, count
        step = address % 2048 + 1 if backward else 2048 - address % 2048
        while (left := left - step) > 0:
            block = AREA + 2048 * self.rng.randrange(AREA_LENGTH // 2048)
            words.append(block + 2047 if backward else block)
            step = 2048
        if self.rng.random() < 0.15:
            words[-1] = self.rng.choice((words[-1] + 8, 0x01008000, SIZE))
        self.storage.append((at, b"".join(word.to_bytes(4, "big") for word in words)))
        self.lists += 4 * len(words)
        return at + 2 if self.rng.random() < 0.05 else at


# ---- running them --------------------------------------------------------------------------------------------------


def run_here(chain: Chain, image: bytes) -> Outcome:
    """On our machine."""
    machine = Machine(SIZE)
    machine.channels.attach(DEVICE, TapeDrive(Tape.from_bytes(image, "blocks")))
    for address, data in chain.patches:
        machine.storage.write(address, data)
    for address, key in chain.keys:
        machine.storage.keys[address >> 11] = key
    machine.cpu.load_psw(PSW(instruction_address=0x2000))
    for _ in range(MOST_UNITS):
        if machine.recognized is not None:
            read = machine.storage.read
            return Outcome.of(read(RESULTS, RESULT_LENGTH), read(AREA, AREA_LENGTH))
        machine.advance()
    raise RuntimeError(f"the chain {chain} does not end")


def run_there(chains: Sequence[Chain], image: bytes) -> list[Outcome]:
    """On Hercules."""
    areas = ((RESULTS, RESULT_LENGTH), (AREA, AREA_LENGTH))
    psw = bytes.fromhex("0000000000002000")
    cases = [Case(psw, storage=c.patches, keys=c.keys, areas=areas, name=f"chain {n}") for n, c in enumerate(chains)]
    with tempfile.TemporaryDirectory() as folder, Hercules() as hercules:
        path = Path(folder) / "blocks.aws"
        path.write_bytes(image)
        path.chmod(0o444)
        hercules._command(f"attach {DEVICE:04X} 3420 {path}")
        return [Outcome.of(*outcome.areas) for outcome in hercules.run(cases, confirm=False)]


def main() -> None:
    """Compare and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chains", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=5)
    options = parser.parse_args()
    image = aws_image([*BLOCKS, None])
    chains = [Maker(random.Random(f"{options.seed} {n}")).chain() for n in range(options.chains)]
    tally: Counter[str] = Counter()
    for number, (chain, there) in enumerate(zip(chains, run_there(chains, image), strict=True)):
        here = run_here(chain, image)
        tally[f"status {int(here.status):02X}{int(here.channel_status):02X}"] += 1
        if here.differs(there):
            tally["DIFFERENT"] += 1
            if tally["DIFFERENT"] <= options.show:
                print(f"chain {number}: CAW {chain.caw:08X}, keys {chain.keys}")
                for address, data in chain.storage:
                    print(f"  {address:06X} {data.hex(' ', 4)}")
                print(f"  here  {here} {hash(here.data):X}\n  there {there} {hash(there.data):X}")
    print(f"{len(chains)} chains", dict(sorted(tally.items())))


if __name__ == "__main__":
    main()
