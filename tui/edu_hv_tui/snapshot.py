"""What the panes show after a command: all views in one value, taken once, when the machine stands still."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edu_hv.debugger.views import (
    CodeView,
    ConsoleView,
    LessonView,
    LogView,
    PswView,
    RegistersView,
    StatusView,
    StorageView,
    TimelineView,
    XrayView,
)
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.tutor.workbench import Workbench


@dataclass(frozen=True)
class Wants:
    """How much of each view is needed."""

    code_rows: int = 40
    timeline: int = 60
    storage: int | None = None
    """Address that was asked for; None leaves it to the session."""
    storage_length: int = 64
    """Bytes; 0 when the pane is not to be seen."""
    log: int = 100
    """Entries; 0 when the pane is not to be seen."""


@dataclass(frozen=True)
class Snapshot:
    """The views of one moment."""

    status: StatusView
    code: CodeView
    registers: RegistersView
    psw: PswView
    xray: XrayView
    console: ConsoleView
    storage: StorageView | None
    log: LogView | None
    timeline: TimelineView
    lesson: LessonView | None
    further: bool
    """There is a lesson after the one that is open."""

    @classmethod
    def empty(cls, why: str, lesson: LessonView | None) -> "Snapshot":
        """Before anything is loaded."""
        return cls(
            status=StatusView("-", (), 0, 0, why, "-", "-", "", "", 0),
            code=CodeView("", (), None),
            registers=RegistersView("", (), "", ()),
            psw=PswView("", "", "", ()),
            xray=XrayView("", (), (), "", False),
            console=ConsoleView("", ()),
            storage=StorageView("", (), ""),
            log=LogView(()),
            timeline=TimelineView("", 0, 0, 0),
            lesson=lesson,
            further=True,
        )

    @classmethod
    def take(cls, workbench: "Workbench", wants: Wants) -> "Snapshot":
        """Ask the session for everything."""
        try:
            return cls._of_machine(workbench, wants)
        except UserError as nothing_loaded:
            return cls._of_nobody(workbench, wants, str(nothing_loaded))

    @classmethod
    def _of_nobody(cls, workbench: "Workbench", wants: Wants, why: str) -> "Snapshot":
        """Nothing is loaded, or nobody is logged on to CP: then there still is what has happened."""
        empty, session = cls.empty(why, workbench.lesson_view()), workbench.session
        try:
            log, timeline = session.log(wants.log or 1), session.timeline(wants.timeline)
            return replace(empty, status=replace(session.status(), stop=why), log=log, timeline=timeline)
        except UserError:
            return empty

    @classmethod
    def _of_machine(cls, workbench: "Workbench", wants: Wants) -> "Snapshot":
        session = workbench.session
        return cls(
            status=session.status(),
            code=session.code(wants.code_rows),
            registers=session.registers(),
            psw=session.psw(),
            xray=session.xray(),
            console=session.console(),
            storage=_storage(workbench, wants) if wants.storage_length else None,
            log=session.log(wants.log) if wants.log else None,
            timeline=session.timeline(wants.timeline),
            lesson=workbench.lesson_view(),
            further=_further(workbench),
        )


@dataclass(frozen=True)
class Glimpse:
    """What is shown of a machine while it runs in another thread: a number and lines, which are whole at any time."""

    step: int
    console: ConsoleView

    @classmethod
    def take(cls, workbench: "Workbench", guest: str) -> "Glimpse | None":
        """None where the guest is just being put into the machine, or taken out of it."""
        session = workbench.session
        try:
            return cls(session.step_number, session.console(guest))
        except (UserError, LookupError):
            return None


def _further(workbench: "Workbench") -> bool:
    run = workbench.lesson
    return run is not None and workbench.library.neighbour(run.lesson.name, 1) is not None


def _storage(workbench: "Workbench", wants: Wants) -> StorageView:
    """The address may not be there any more: another program, another guest."""
    session = workbench.session
    if wants.storage is not None:
        try:
            return session.storage(wants.storage, wants.storage_length)
        except UserError:
            pass
    return session.storage(None, wants.storage_length)
