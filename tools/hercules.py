"""Hercules, Debian's System/370 emulator, as a second opinion about our machine.

One Hercules process runs thousands of cases.  A program of our own (HARNESS, below) sits in its real page 0 and takes
the cases from a chain of records: it clears the window, stores the case's patches and storage keys, loads the
registers and then the case's PSW.  Whatever interruption ends the case comes back to the harness, which saves
everything the case may have changed and takes the next record.  A case that would never end is ended with RESTART.

    with Hercules() as hercules:
        outcome, = hercules.run([Case(psw=bytes.fromhex("0000000000002000"), storage=((0x2000, b"\\x0A\\xFF"),))])

Rules for cases: page 0 and storage from POOL to TOP belong to the harness; keys are set for the window only.
"""

import re
import shutil
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType

from edu_hv.asm.assembler import Assembly, assemble
from edu_hv.isa.codes import Class

SIZE = 4 << 20
"""Bytes of main storage, in Hercules and in our machine, unless a case has its own."""
WHOLE = 16 << 20
"""As much as addresses reach: storage in which an operand that wraps around has both its parts."""
WINDOW = range(0x1000, 0x10000)
"""Cleared, with keys zero, before each case."""
POOL = 0x100000
"""Where the records are."""
TOP = SIZE - 0x2000
"""The last 8K are the cases' again, for operands that cross the end of storage."""
CONTROL_REGISTERS = (0, 0, 0xFFFFFFFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xC2000000, 0)
"""A case's control registers unless it says otherwise: no external interruption is allowed."""
READER = 0x00F
"""The only device: a card reader that nothing starts."""
CONFIGURATION = f"""\
CPUSERIAL 001370
CPUMODEL 0158
CPUVERID 00
MAINSIZE {SIZE >> 20}
XPNDSIZE 0
NUMCPU 1
ARCHMODE S/370
OSTAILOR QUIET
PANRATE FAST
{READER:04X} 3505 /dev/null ascii
"""
CLASSES = {
    1: Class.EXTERNAL,
    2: Class.SVC,
    3: Class.PROGRAM,
    4: Class.MACHINE_CHECK,
    5: Class.INPUT_OUTPUT,
    6: Class.RESTART,
}
DONE = 0x00D09E
PSA_BYTES = 200

HARNESS = """
HARNESS  START 0
         USING HARNESS,0
         DC    X'00000000',A(NEXT)     Restart new PSW: begin
         ORG   HARNESS+X'210'
CURRENT  DS    A                       Record of the case that runs
COUNT    DS    F                       Cases finished
* The new PSWs of a case, in the order of X'58' to X'7F', and restart's.  In EC mode ISK shows reference and change.
NEWPSWS  DS    0D
         DC    X'00080000',A(EXTERNAL)
         DC    X'00080000',A(SUPERVSR)
         DC    X'00080000',A(PROGRAM)
         DC    X'00080000',A(MACHINE)
         DC    X'00080000',A(INOUT)
RESTARTP DC    X'00080000',A(RESTART)
DONEPSW  DC    X'00020000',A(X'D09E')
WINDOW   DC    A(X'1000',X'F000')      Address and length
BLOCK    DC    F'2048'
OWNCRS   DC    2F'0',X'FFFFFFFF',11F'0',X'C2000000',F'0'
         ORG   HARNESS+X'300'
EXTERNAL STM   0,15,SAVED
         LA    1,1
         B     SAVE
SUPERVSR STM   0,15,SAVED
         LA    1,2
         B     SAVE
PROGRAM  STM   0,15,SAVED
         LA    1,3
         B     SAVE
MACHINE  STM   0,15,SAVED
         LA    1,4
         B     SAVE
INOUT    STM   0,15,SAVED
         LA    1,5
         B     SAVE
RESTART  STM   0,15,SAVED
         LA    1,6
SAVE     ST    1,CLASS
         STD   0,SAVED+64
         STD   2,SAVED+72
         STD   4,SAVED+80
         STD   6,SAVED+88
         STCTL 0,15,SAVED+96
         LCTL  0,15,OWNCRS
         PTLB
         L     10,CURRENT
         LTR   10,10
         BZ    DONE                    A RESTART that came too late
         USING RECORD,10
         L     9,RESULT
         MVC   0(164,9),CLASS          Class and registers
         MVC   164(200,9),0            The PSA
         LA    9,364(,9)
         L     8,KEYS
         L     4,KEYCOUNT
         LTR   4,4
         BZ    KEYSDONE
KEYLOOP  L     5,0(,8)
         SR    6,6
         ISK   6,5
         ST    6,0(,9)
         LA    9,4(,9)
         LA    8,8(,8)
         BCT   4,KEYLOOP
KEYSDONE L     8,AREAS
         L     4,ARCOUNT
         LTR   4,4
         BZ    COUNTED
ARLOOP   LM    2,3,0(8)                From, length
         L     6,8(,8)                 To
         LR    7,3
         MVCL  6,2
         LA    8,12(,8)
         BCT   4,ARLOOP
COUNTED  L     1,COUNT
         LA    1,1(,1)
         ST    1,COUNT
         L     10,NEXTREC
         ST    10,CURRENT
NEXT     L     10,CURRENT
         LTR   10,10
         BNZ   CASE
DONE     LPSW  DONEPSW
CASE     LM    2,3,WINDOW
         SR    4,4
         SR    5,5
         MVCL  2,4                     Clear the window
         LM    2,3,WINDOW
         SRL   3,11
ZEROKEY  SSK   4,2
         A     2,BLOCK
         BCT   3,ZEROKEY
         L     8,PATCHES
         L     9,PACOUNT
         LTR   9,9
         BZ    PADONE
PALOOP   LM    2,4,0(8)                To, length, from
         LR    5,3
         MVCL  2,4
         LA    8,12(,8)
         BCT   9,PALOOP
PADONE   L     8,KEYS
         L     9,KEYCOUNT
         LTR   9,9
         BZ    SETDONE
SETLOOP  LM    2,3,0(8)
         SSK   3,2
         LA    8,8(,8)
         BCT   9,SETLOOP
SETDONE  MVC   X'58'(40,0),NEWPSWS
         MVC   0(8,0),RESTARTP
         XC    8(56,0),8
         XC    X'80'(72,0),X'80'
         MVC   CASEPSW,PSW
         MVC   SAVED(160),GRS
         LD    0,SAVED+64
         LD    2,SAVED+72
         LD    4,SAVED+80
         LD    6,SAVED+88
         PTLB
         LCTL  0,15,SAVED+96
         LM    0,15,SAVED
         LPSW  CASEPSW
         ORG   HARNESS+X'C00'
CASEPSW  DS    D
CLASS    DS    F
SAVED    DS    40F                     GRs, FPRs, CRs
RECORD   DSECT
NEXTREC  DS    A
RESULT   DS    A
PATCHES  DS    A
PACOUNT  DS    F
KEYS     DS    A
KEYCOUNT DS    F
AREAS    DS    A
ARCOUNT  DS    F
PSW      DS    CL8
GRS      DS    16F
FPRS     DS    4D
CRS      DS    16F
         END
"""
RECORD = struct.Struct(">8I8s16I4Q16I")


@dataclass(frozen=True)
class Case:
    """One state of the machine, to be run until something interrupts it."""

    psw: bytes
    gr: tuple[int, ...] = (0,) * 16
    fpr: tuple[int, ...] = (0,) * 4
    cr: tuple[int, ...] = CONTROL_REGISTERS
    storage: tuple[tuple[int, bytes], ...] = ()
    """Real addresses and contents; the rest of the window is zeros."""
    keys: tuple[tuple[int, int], ...] = ()
    """Addresses of 2K blocks and their keys; these are also looked at afterwards."""
    areas: tuple[tuple[int, int], ...] = ()
    """Addresses and lengths of the storage to be looked at afterwards."""
    name: str = ""
    """The mnemonic; after EX also that of the target."""
    size: int = SIZE
    """Bytes of main storage; SIZE or WHOLE."""

    @property
    def operation(self) -> str:
        """The mnemonic of what is executed in the end."""
        return self.name.split()[-1]


@dataclass(frozen=True)
class Outcome:
    """The state in which the interruption left the machine."""

    kind: Class
    psw: bytes
    """The old PSW."""
    code: int
    ilc: int
    """In halfwords."""
    gr: tuple[int, ...]
    fpr: tuple[int, ...]
    cr: tuple[int, ...]
    keys: tuple[int, ...]
    areas: tuple[bytes, ...]
    psa: bytes = field(repr=False)
    """The first 200 bytes of real storage."""
    text: bytes = field(default=b"", compare=False)
    """What the case executed (the target of EXECUTE), empty when it could not be fetched; of our machine only."""
    fetched: bool = field(default=True, compare=False)
    """Whether the instruction that was interrupted could be fetched; of our machine only."""

    @classmethod
    def of(
        cls,
        kind: Class,
        psa: bytes,
        registers: Sequence[int],
        keys: Iterable[int],
        areas: Iterable[bytes],
    ) -> "Outcome":
        """`registers`: 16 GRs, 4 FPRs, 16 CRs.  PSW, code and ILC come out of the PSA."""
        psw = psa[kind.old_psw : kind.old_psw + 8]
        code, ilc = int.from_bytes(psw[2:4], "big"), psw[4] >> 6
        if psw[1] & 0x08:  # EC mode
            at = {Class.EXTERNAL: 0x84, Class.SVC: 0x88, Class.PROGRAM: 0x8C, Class.INPUT_OUTPUT: 0xB8}.get(kind)
            code, ilc = (int.from_bytes(psa[at + 2 : at + 4], "big"), psa[at + 1] >> 1 & 3) if at else (0, 0)
        gr, fpr, cr = tuple(registers[:16]), tuple(registers[16:20]), tuple(registers[20:36])
        return cls(kind, psw, code, ilc, gr, fpr, cr, tuple(keys), tuple(areas), psa)


class Pool:
    """The records of a batch, laid out in storage from POOL."""

    def __init__(self) -> None:
        self.image = bytearray()
        self.results: list[int] = []
        """Offsets of the result blocks."""
        self.copies: list[list[int]] = []
        """Offsets of the copied areas, by case."""

    def place(self, data: bytes) -> int:
        """Put data on a doubleword; its address."""
        self.image += bytes(-len(self.image) % 8)
        address = POOL + len(self.image)
        self.image += data
        return address

    def triples(self, rows: Iterable[tuple[int, ...]]) -> tuple[int, int]:
        """Put rows of words into storage; address and number of rows."""
        listed = list(rows)
        return self.place(b"".join(word.to_bytes(4, "big") for row in listed for word in row)), len(listed)

    def add(self, case: Case) -> None:
        """One more case; the record is the last thing placed, and the next one follows its link."""
        patches = self.triples([(to, len(data), self.place(data)) for to, data in case.storage])
        keys = self.triples(case.keys)
        copies = [self.place(bytes(length)) for _, length in case.areas]
        areas = self.triples([(start, length, to) for (start, length), to in zip(case.areas, copies, strict=True)])
        result = self.place(bytes(364 + 4 * len(case.keys)))
        self.results.append(result - POOL)
        self.copies.append([copy - POOL for copy in copies])
        record = self.place(bytes(RECORD.size))
        self.link(record)
        self.last = record
        RECORD.pack_into(
            self.image, record - POOL, 0, result, *patches, *keys, *areas, case.psw, *case.gr, *case.fpr, *case.cr
        )

    last = 0
    first = 0

    def link(self, record: int) -> None:
        """Make `record` the one after the last."""
        if self.last:
            struct.pack_into(">I", self.image, self.last - POOL, record)
        else:
            self.first = record

    def outcome(self, number: int, case: Case, core: bytes) -> Outcome:
        """What the harness saved for a case."""
        at = self.results[number]
        registers = struct.unpack_from(">16I4Q16I", core, at + 4)
        keys = struct.unpack_from(f">{len(case.keys)}I", core, at + 364)
        lengths = (length for _, length in case.areas)
        areas = [core[copy : copy + length] for copy, length in zip(self.copies[number], lengths, strict=True)]
        kind = CLASSES[int.from_bytes(core[at : at + 4], "big")]
        return Outcome.of(kind, core[at + 164 : at + 164 + PSA_BYTES], registers, keys, areas)


@cache
def assembled_harness() -> Assembly:
    """The harness."""
    return assemble(HARNESS, "harness")


@cache
def restart_psw() -> bytes:
    """What each case finds at real 0."""
    return (0x00080000 << 32 | assembled_harness().address_of("RESTART")).to_bytes(8, "big")


class Hercules:
    """One Hercules process in S/370 mode, which takes commands on its standard input."""

    patience = 0.4
    """Seconds without progress after which a case is taken to loop or wait."""

    def __init__(self, size: int = SIZE, program: str = "hercules") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="conformance-"))
        (self.folder / "hercules.cnf").write_text(
            CONFIGURATION.replace(f"MAINSIZE {SIZE >> 20}", f"MAINSIZE {size >> 20}")
        )
        harness = assembled_harness()
        self.page = bytearray(0x1000)
        for text in harness.image:
            self.page[text.address : text.end] = text.data
        self.current, self.count = harness.address_of("CURRENT"), harness.address_of("COUNT")
        self.log: list[str] = []
        self.arrived = threading.Condition()
        self.process = subprocess.Popen(
            [program, "-d", "-f", str(self.folder / "hercules.cnf"), "EXTERNALGUI"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
        )
        threading.Thread(target=self._read_log, daemon=True).start()
        self._expect(r"dyngui.*initiated|CPU0000 architecture mode", 20, 0)
        time.sleep(0.3)

    def __enter__(self) -> "Hercules":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        try:
            self._command("exit")
            self.process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- batches ---------------------------------------------------------------------------------------------

    def run(self, cases: Sequence[Case], confirm: bool = True) -> list[Outcome]:
        """The outcomes, in order.  A case ended by RESTART is run again alone, since it may only have been slow."""
        outcomes: list[Outcome] = []
        while len(outcomes) < len(cases):
            outcomes += self._run_batch(cases[len(outcomes) :])
        if confirm:
            for number, outcome in enumerate(outcomes):
                if outcome.kind is Class.RESTART:
                    outcomes[number] = self.run([cases[number]], confirm=False)[0]
        return outcomes

    def _run_batch(self, cases: Sequence[Case]) -> list[Outcome]:
        """Run as many cases as the pool holds."""
        pool = Pool()
        for case in cases:
            pool.add(case)
            if len(pool.image) > TOP - POOL - 0x20000:
                break
        batch = cases[: len(pool.results)]
        page = bytearray(self.page)
        struct.pack_into(">I", page, self.current, pool.first)
        self._load(bytes(page), 0)
        here = self._load(bytes(pool.image), POOL)
        self._command("restart")
        self._wait_for_end(batch, here)
        core = self._save(POOL, POOL + len(pool.image))
        del self.log[:-50]
        return [pool.outcome(number, case, core) for number, case in enumerate(batch)]

    def _wait_for_end(self, batch: Sequence[Case], here: int) -> None:
        seen, since, stuck = -1, time.monotonic(), 0
        while True:
            found, here = self._expect(rf"PSW=\S+ \S*{DONE:06X}", 0.1, here)
            finished = self._word(self.count)
            if found or finished == len(batch):
                return
            if finished != seen:
                seen, since, stuck = finished, time.monotonic(), 0
            elif time.monotonic() - since > self.patience:
                stuck, since = stuck + 1, time.monotonic()
                # A stop may take effect late, so the first attempt is a start.
                self._command("start" if stuck == 1 else "restart")
            if stuck > 8 or self.process.poll() is not None:
                raise RuntimeError(f"no progress at case {finished}, {batch[finished].name}: {self.log[-6:]}")

    # ---- Hercules' commands ----------------------------------------------------------------------------------

    def _load(self, image: bytes, address: int) -> int:
        path = self.folder / f"load-{address:X}"
        path.write_bytes(image)
        return self._stopped(f"loadcore {path} {address:X}", f"bytes read from .*{path.name}")

    def _save(self, start: int, end: int) -> bytes:
        path = self.folder / "saved"
        path.unlink(missing_ok=True)
        self._stopped(f"savecore {path} {start:X} {end - 1:X}", "savecore command complete")
        return path.read_bytes()

    def _word(self, address: int) -> int:
        here = len(self.log)
        self._command(f"r {address:X}.4")
        found, _ = self._expect(rf"R:0*{address:X}:K:\S*=\s*([0-9A-F]{{8}})", 2, here)
        return int(found[1], 16) if found else -1

    def _stopped(self, command: str, answer: str) -> int:
        """Give a command that is taken only while the CPU is stopped; where the log goes on."""
        for attempt in range(60):
            here = len(self.log)
            self._command(command)
            found, here = self._expect(f"{answer}|CPU not stopped", 30, here)
            if found and "not stopped" not in found[0]:
                return here
            if attempt % 10 == 5:
                self._command("stop")
            time.sleep(0.02)
        raise RuntimeError(f"no answer to {command}: {self.log[-8:]}")

    def _command(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{text}\n".encode())
        self.process.stdin.flush()

    def _expect(self, pattern: str, seconds: float, start: int) -> tuple[re.Match[str] | None, int]:
        """Wait for a log line from `start` on; the match and where the log goes on."""
        expression, end, at = re.compile(pattern), time.monotonic() + seconds, start
        with self.arrived:
            while True:
                while at < len(self.log):
                    found = expression.search(self.log[at])
                    at += 1
                    if found:
                        return found, at
                left = end - time.monotonic()
                if left <= 0:
                    return None, at
                self.arrived.wait(left)

    def _read_log(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self.arrived:
                self.log.append(line.decode("latin-1").rstrip())
                self.arrived.notify_all()
