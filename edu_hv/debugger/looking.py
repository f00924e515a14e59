"""What can be seen of a session: raw values for checks, and views.  Nothing here changes anything."""

from typing import TYPE_CHECKING, cast

from edu_hv.debugger import believed, comparing, microscope, viewing
from edu_hv.debugger.comparing.views import ComparisonView
from edu_hv.debugger.microscope.views import MicroscopeView
from edu_hv.debugger.stops.listing import stop_list
from edu_hv.debugger.system import Guest
from edu_hv.debugger.tracing import timeline
from edu_hv.debugger.views import (
    BreakpointsView,
    CodeView,
    ConsoleView,
    DecisionView,
    LogView,
    PswView,
    RegistersView,
    StatusView,
    StorageView,
    TableView,
    TimelineView,
    XrayView,
)
from edu_hv.isa.codes import MASK_24
from edu_hv.isa.errors import UserError
from edu_hv.machine.psw import PSW

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


class Looking:
    """The part of a session that only looks."""

    @property
    def _session(self) -> "DebugSession":
        """All of it."""
        return cast("DebugSession", self)

    # ---- raw values, for checks and views --------------------------------------------------------------------

    def _named(self, name: str | None) -> Guest:
        return self._session.system.guest(name) if name else self._session.guest

    def real_psw(self) -> PSW:
        """The PSW in the real CPU."""
        return self._session.system.machine.cpu.psw.copy()

    def guest_psw(self, name: str | None = None) -> PSW:
        """The PSW as the guest believes it to be; while it runs, address, CC and so on come from the real one."""
        return believed.psw(self._session.system, self._named(name))

    def guest_registers(self, name: str | None = None) -> list[int]:
        """The guest's 16 general registers."""
        return believed.registers(self._session.system, self._named(name))

    def guest_gr(self, number: int) -> int:
        """One general register of the selected guest."""
        return self.guest_registers()[number]

    def guest_control_registers(self, name: str | None = None) -> list[int]:
        """The guest's 16 control registers as it believes them to be."""
        return believed.control_registers(self._session.system, self._named(name))

    def guest_storage(self, address: int, length: int) -> bytes:
        """Bytes of the selected guest's storage.  Raises UserError outside it."""
        return believed.storage(self._session.system, self._session.guest, address, length)

    def storage_size(self) -> int:
        """Bytes of storage the selected guest has."""
        return believed.storage_size(self._session.system, self._session.guest)

    def real_address(self, address: int) -> int | None:
        """The real address behind an address of the selected guest, or None outside its storage."""
        return believed.real_address(self._session.system, self._session.guest, address)

    def address_of(self, label: str) -> int:
        """The address of a label of the selected guest's program.  Raises UserError for an unknown one."""
        assembly = self._session.guest.assembly
        if assembly is None:
            raise UserError(f'{self._session.guest.program.name} came without source, so it has no label "{label}"')
        return assembly.address_of(label) & MASK_24

    # ---- views -----------------------------------------------------------------------------------------------

    def status(self) -> StatusView:
        """The top line."""
        return viewing.status(self._session)

    def code(self, rows: int = 40) -> CodeView:
        """Code of the selected guest around its next instruction."""
        return viewing.code(self._session, rows)

    def registers(self) -> RegistersView:
        """General and control registers of the selected guest."""
        return viewing.registers(self._session)

    def psw(self) -> PswView:
        """The PSW: guest, real, why."""
        return viewing.psw(self._session)

    def xray(self, count: int = 1) -> XrayView:
        """The trap under way, or the last one; or the `count`th last one, counted back from here."""
        return viewing.xray(self._session, count)

    def decisions(self, count: int = 1, guest: str = "", rule: str = "") -> list[DecisionView]:
        """The last `count` decisions of CP, oldest first: about a guest, by a rule whose id begins so."""
        return viewing.decisions(self._session, count, guest, rule)

    def console(self, name: str | None = None) -> ConsoleView:
        """The terminal of a guest, the selected one by default."""
        guest = self._named(name)
        vm = guest.vm
        by_cp = frozenset(n for n, line in enumerate(vm.terminal) if line.cp) if vm is not None else frozenset()
        return ConsoleView(guest.name, tuple(guest.console_lines()), by_cp)

    def storage(self, address: int | None = None, length: int = 64) -> StorageView:
        """Storage of the selected guest; by default around what the last step stored."""
        return viewing.storage(self._session, address, length)

    def real_storage(self, address: int, length: int = 64) -> StorageView:
        """Storage of the real machine, by real address."""
        return viewing.real_storage(self._session, address, length)

    def devices(self) -> TableView:
        """The devices of the selected guest."""
        return viewing.devices(self._session)

    def both(self, topic: str = comparing.ALL) -> ComparisonView:
        """Guest, real and why of a topic (psw, registers, timers, keys, ...), or of all.  Raises UserError."""
        return comparing.compare(self._session, topic)

    def differs(self, topic: str = comparing.ALL) -> ComparisonView:
        """The same, but only the values that differ."""
        return comparing.differences(self._session, topic)

    def microscope(self, address: int, space: str = microscope.LOGICAL) -> MicroscopeView:
        """An address of the selected guest (24 bits), every table entry on its way down, and what an access comes to.

        `space` is one of `microscope.SPACES`.  Raises UserError for an address space that the guest has not.
        """
        return microscope.look(self._session, address, space)

    def log(self, count: int = 50) -> LogView:
        """The last entries of the journal, in words."""
        return self._session._words.view(self._session, count)

    def timeline(self, width: int = 72, window: tuple[int, int] | None = None, guests: bool = False) -> TimelineView:
        """The recording as one line, or what is zoomed to, or the steps of `window`; and a line for each guest."""
        return timeline.timeline(self._session, width, window, guests)

    def named_steps(self) -> dict[str, int]:
        """The moments that were given names, by step."""
        recording = self._session.recording
        return {name: recording.step_at(unit) for name, unit in recording.history.named.items()}

    def breakpoint_list(self) -> BreakpointsView:
        """All breakpoints."""
        return stop_list(self._session)
