"""The queues of spool files, and what is done to them (DMKSPL).  SY20-0886 "Spool File Management".

Only closed files are here; one that is being made is its device's `OutputFile` until it is closed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from edu_hv.hypervisor.decisions import Rule, SpoolDecision, Verdict, decide
from edu_hv.hypervisor.spooling.files import (
    PUNCH,
    QUEUES,
    READER,
    SFBLOK,
    OutputFile,
    tag_of,
    with_tag,
)
from edu_hv.hypervisor.spooling.options import SpoolOptions
from edu_hv.hypervisor.spooling.rules import CLOSE_RULES, Closing, Destination
from edu_hv.hypervisor.spooling.space import DEFAULT_PAGES, SpoolSpace
from edu_hv.isa.errors import UserError

Subject = TypeVar("Subject")

MOST_SPOOLIDS = 9900
"""Spoolids go from 1 to 9900 and start again."""


@dataclass(frozen=True)
class Origin:
    """Which device made a file, and whose it is."""

    userid: str
    kind: str
    """PRT, PUN or CON: see SFBLOK.sfbtype."""

    @property
    def queue(self) -> str:
        """Where its files wait when they are not for a reader; the console's are print files."""
        return PUNCH if self.kind == PUNCH else "PRT"


class SpoolFiles:
    """All closed files, by queue, in the order in which they will be taken.

    `clock` gives the TOD clock, 64 bits.  CP sets three hooks: `notify` shows a line on a user's terminal if he is
    logged on; `note` is told what was decided for a user, and why; `on_arrival` is told of each reader file that can be
    read now, so that device end can be made pending on a reader that takes it (`SpooledReader.takes`).
    """

    def __init__(self, pages: int = DEFAULT_PAGES, clock: Callable[[], int] = lambda: 0) -> None:
        self.space = SpoolSpace(pages)
        self.clock = clock
        self.notify: Callable[[str, str], None] = lambda userid, line: None
        self.on_arrival: Callable[[SFBLOK], None] = lambda sfblok: None
        self.note: Callable[[str, Verdict], None] = lambda userid, verdict: None
        self._queues: dict[str, tuple[SFBLOK, ...]] = dict.fromkeys(QUEUES, ())
        self._next = 1

    def decide(self, userid: str, rules: Sequence[Rule[Subject]], situation: Subject) -> Enum:
        """Ask the rules; the outcome.  `note` is told of the verdict."""
        verdict = decide(rules, situation)
        self.note(userid, verdict)
        assert isinstance(verdict.decision, SpoolDecision)
        return verdict.decision.outcome

    # ---- looking ---------------------------------------------------------------------------------------------

    def files(self, queue: str, userid: str | None = None) -> list[SFBLOK]:
        """The files of a queue, all or one user's, in the order in which they will be taken."""
        return [sfblok for sfblok in self._queues[queue] if userid in (None, sfblok.sfbuser)]

    def find(self, queue: str, spoolid: int) -> SFBLOK | None:
        """The file with a spoolid, or None if the queue has no such file."""
        return next((sfblok for sfblok in self._queues[queue] if sfblok.sfbfilid == spoolid), None)

    def next_for(self, userid: str, sfbclas: str) -> SFBLOK | None:
        """The file that a user's reader of a class ("*": any) takes next, or None."""
        return next((sfblok for sfblok in self.files(READER, userid) if readable(sfblok, sfbclas)), None)

    def tag(self, sfblok: SFBLOK) -> str:
        """The tag of a file."""
        return tag_of(self.space.read(sfblok.pages[0]))

    # ---- files come ------------------------------------------------------------------------------------------

    def close_output(
        self, file: OutputFile, origin: Origin, options: SpoolOptions, purge: bool = False, final: bool = False
    ) -> "Closed":
        """Close the file of an output device: queue it, or give its buffers back.  SY20-0886 "DMKSPLCV".

        `final`: the device is detached, or its user logs off, so that not even CONT keeps it open.
        """
        goes_on = options.cont and not final
        closing = Closing(file.records, purge, options.to, options.for_user, goes_on)
        destination = self.decide(origin.userid, CLOSE_RULES, closing)
        if destination is Destination.OPEN:
            return Closed(None, "", still_open=True)
        if destination is Destination.NOWHERE:
            file.abandon()
            return Closed(None, "")
        file.finish()
        to_reader = destination is Destination.READER
        sfblok = self.made(file, origin, options, options.to if to_reader else options.for_user or origin.userid)
        self.append(READER if to_reader else origin.queue, sfblok)
        if to_reader:
            self.arrived(sfblok, tell=sfblok.sfbuser != origin.userid)
        return Closed(sfblok, _closed_line(sfblok, origin, to_reader))

    def made(self, file: OutputFile, origin: Origin, options: SpoolOptions, owner: str) -> SFBLOK:
        """The SFBLOK of a file that is complete; the device's tag is copied into its tag record."""
        sfblok = SFBLOK(
            sfbfilid=self._new_spoolid(),
            sfbuser=owner,
            sfborig=origin.userid,
            sfbtype=origin.kind,
            sfbclas=options.sfbclas,
            sfbrecno=file.records,
            sfbrecsz=file.longest,
            pages=file.pages,
            created=self.clock(),
            sfbcopy=options.copies,
            sfbdist=options.dist,
            sfbfname=options.name[0],
            sfbftype=options.name[1],
            sfbuhold=options.hold,
        )
        if options.tag:
            self.set_tag(sfblok, options.tag)
        return sfblok

    def _new_spoolid(self) -> int:
        """The next spoolid that no file has.  Raises UserError when each has one."""
        used = {sfblok.sfbfilid for queue in QUEUES for sfblok in self._queues[queue]}
        for step in range(MOST_SPOOLIDS):
            spoolid = (self._next - 1 + step) % MOST_SPOOLIDS + 1
            if spoolid not in used:
                self._next = spoolid % MOST_SPOOLIDS + 1
                return spoolid
        raise UserError(f"all {MOST_SPOOLIDS} spool file numbers are in use: purge some files")

    def append(self, queue: str, sfblok: SFBLOK) -> None:
        """Put a file at the end of a queue."""
        self._queues[queue] = (*self._queues[queue], sfblok)

    def arrived(self, sfblok: SFBLOK, tell: bool = True) -> None:
        """A file has come into a reader queue: its owner is told, and his readers, unless it is held."""
        if tell:
            hold = "HOLD" if sfblok.sfbuhold else "NOHOLD"
            line = f"RDR FILE {sfblok.sfbfilid:04} FROM {sfblok.sfborig:8} COPY {sfblok.sfbcopy:02} {hold}"
            self.notify(sfblok.sfbuser, line)
        self._offer(sfblok)

    def _offer(self, sfblok: SFBLOK) -> None:
        if readable(sfblok, "*"):
            self.on_arrival(sfblok)

    # ---- files are read --------------------------------------------------------------------------------------

    def begin_reading(self, sfblok: SFBLOK) -> None:
        """A reader opens a file: no other reader takes it, and no command changes it."""
        self._replace(READER, sfblok, sfbinuse=True)

    def end_reading(self, spoolid: int, keep: bool, hold: bool = False) -> None:
        """A reader closes a file: it is purged, or kept, in user hold status perhaps."""
        sfblok = self.find(READER, spoolid)
        if sfblok is None:
            return
        if keep:
            self._replace(READER, sfblok, sfbinuse=False, sfbuhold=sfblok.sfbuhold or hold)
        else:
            self.purge(READER, [sfblok])

    # ---- commands that change files --------------------------------------------------------------------------

    def purge(self, queue: str, files: Iterable[SFBLOK]) -> None:
        """Take files from a queue and give their buffers back."""
        gone = {sfblok.sfbfilid: sfblok for sfblok in files}
        self._queues[queue] = tuple(sfblok for sfblok in self._queues[queue] if sfblok.sfbfilid not in gone)
        for sfblok in gone.values():
            self.space.release(sfblok.pages)

    def order(self, queue: str, files: Iterable[SFBLOK]) -> None:
        """Put one user's files in front of his others, in the order given; other users' files keep their places."""
        first = list(files)
        for userid in dict.fromkeys(sfblok.sfbuser for sfblok in first):
            mine = [sfblok for sfblok in first if sfblok.sfbuser == userid]
            rest = [sfblok for sfblok in self.files(queue, userid) if sfblok not in mine]
            turn = iter([*mine, *rest])
            self._queues[queue] = tuple(s if s.sfbuser != userid else next(turn) for s in self._queues[queue])

    def change(self, queue: str, sfblok: SFBLOK, **attributes: Any) -> None:
        """Give a file other attributes, by the names of SFBLOK.  A reader file may become readable by it."""
        changed = self._replace(queue, sfblok, **attributes)
        if queue == READER:
            self._offer(changed)

    def transfer(self, sfblok: SFBLOK, userid: str) -> None:
        """Give a reader file to another user, as the last of his."""
        self._queues[READER] = tuple(other for other in self._queues[READER] if other != sfblok)
        moved = replace(sfblok, sfbuser=userid)
        self.append(READER, moved)
        self.arrived(moved)

    def set_tag(self, sfblok: SFBLOK, text: str) -> None:
        """Write another tag into a file's first buffer."""
        first = sfblok.pages[0]
        self.space.write(first, with_tag(self.space.read(first), text))

    def _replace(self, queue: str, sfblok: SFBLOK, **attributes: Any) -> SFBLOK:
        changed = replace(sfblok, **attributes)
        self._queues[queue] = tuple(changed if s.sfbfilid == sfblok.sfbfilid else s for s in self._queues[queue])
        return changed

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> Any:
        """A checkpoint: plain values, shared."""
        return self.space.state(), tuple(self._queues.items()), self._next

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        space, queues, self._next = state
        self.space.restore(space)
        self._queues = dict(queues)


@dataclass(frozen=True)
class Closed:
    """What became of a file that was closed: its SFBLOK, None if purged; and what its maker is told, or ""."""

    sfblok: SFBLOK | None
    line: str
    still_open: bool = False


def readable(sfblok: SFBLOK, sfbclas: str) -> bool:
    """Whether a reader of a class ("*": any) may take a file: not held, nobody reads it, and of that class."""
    return not sfblok.sfbuhold and not sfblok.sfbinuse and sfbclas in ("*", sfblok.sfbclas)


def _closed_line(sfblok: SFBLOK, origin: Origin, to_reader: bool) -> str:
    """The message of a close: only for what is held, goes to another user, or is wanted more than once."""
    if not (to_reader or sfblok.sfbuhold or sfblok.sfbcopy > 1 or sfblok.sfbuser != origin.userid):
        return ""
    way = " TO " if to_reader else " FOR"
    hold = "HOLD" if sfblok.sfbuhold else "NOHOLD"
    return f"{origin.kind} FILE {sfblok.sfbfilid:04} {way} {sfblok.sfbuser:8} COPY {sfblok.sfbcopy:02} {hold}"
