"""The next step, executed and taken back: what it would do, without anything having happened."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from edu_hv.debugger import believed
from edu_hv.debugger.believed import GuestState
from edu_hv.debugger.system import System
from edu_hv.machine.events import Event, StorageStored
from edu_hv.machine.interruptions import Interruption


@dataclass
class Heard:
    """What observers were told: of the machine, and of CP as the machine of a guest."""

    events: list[Event] = field(default_factory=list)
    of_guests: list[Event] = field(default_factory=list)
    stores: list[StorageStored] = field(default_factory=list)

    def first(self, kind: type) -> "Event | None":
        """The first event of a type."""
        return next((event for event in self.events if isinstance(event, kind)), None)


@dataclass(frozen=True)
class Outcome:
    """The next step: what is before it, what it does."""

    units: int
    before: dict[str, GuestState]
    after: dict[str, GuestState]
    fpr: tuple[tuple[int, ...], tuple[int, ...]]
    heard: Heard
    recognized: Interruption | None
    """The interruption that the first unit found, in an instruction or in its place."""
    text: bytes
    """The instruction that was executed, through EXECUTE; b"" for none."""


@contextmanager
def undone(system: System) -> Iterator[None]:
    """Whatever is done within has not been done afterwards, and nobody has heard of it."""
    cpu, state = system.machine.cpu, system.state()
    unsaved = cpu.instruction_text, cpu.branched, cpu.execute_target
    try:
        with listening(system, Heard()):
            yield
    finally:
        system.restore(state)
        cpu.instruction_text, cpu.branched, cpu.execute_target = unsaved


@contextmanager
def listening(system: System, heard: Heard) -> Iterator[None]:
    """Events go to `heard`, and to nobody else, within."""
    machine, cp = system.machine, system.cp
    before = machine.observer, machine.cpu.observer, machine.storage.observer, machine.channels.observer
    guests = [(vm.cpu, vm.cpu.observer) for vm in cp.vms] if cp else []
    guest_observer = cp.guest_observer if cp else None

    def tell(event: Event) -> None:
        if isinstance(event, StorageStored):
            heard.stores.append(event)
        else:
            heard.events.append(event)

    try:
        machine.observe(tell)
        for cpu, _ in guests:
            cpu.observer = heard.of_guests.append
        if cp:
            cp.guest_observer = lambda guest, event: heard.of_guests.append(event)
        yield
    finally:
        machine.observer, machine.cpu.observer, machine.storage.observer, machine.channels.observer = before
        for cpu, observer in guests:
            cpu.observer = observer
        if cp:
            cp.guest_observer = guest_observer


def look_ahead(system: System) -> Outcome:
    """Execute the next step, or the rest of the one under way, with all its stages, and take it back."""
    machine = system.machine
    heard, before, fpr = Heard(), believed.state_of_guests(system), tuple(machine.cpu.fpr)
    with undone(system), listening(system, heard):
        units = int(machine.advance())
        recognized, text = machine.recognized, machine.cpu.instruction_text
        while units and not machine.at_boundary and machine.advance():
            units += 1
        after = believed.state_of_guests(system)
        return Outcome(units, before, after, (fpr, tuple(machine.cpu.fpr)), heard, recognized, text)
