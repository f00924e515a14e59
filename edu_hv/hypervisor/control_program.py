"""CP itself: it takes the real interruptions, and works in stages that can be looked at one by one.

Each `advance` does one stage: save and decode, find the rule, carry the decision out, dispatch.  A program on the real
machine would do the same between an interruption and the next LPSW; here it is Python, at the addresses that the new
PSWs in real low storage name, and everything it keeps is plain values.  SY20-0886 "CP Interruption Handling".

What carrying a decision out means is in `carry_out`, who is next in `dispatch` and `scheduler`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from edu_hv.hypervisor import dispatch
from edu_hv.hypervisor.assist import Assist
from edu_hv.hypervisor.carry_out import carry_out, stop
from edu_hv.hypervisor.decisions import (
    ConsoleLine,
    DecisionCarriedOut,
    DecisionTaken,
    Decoded,
    Effect,
    Hypercall,
    KeepInterruption,
    Simulate,
    SimulateIO,
    Verdict,
)
from edu_hv.hypervisor.decode import for_nobody, instruction_of, split_program_event, trap_of
from edu_hv.hypervisor.diagnose import connect as connect_diagnose
from edu_hv.hypervisor.directory import Directory
from edu_hv.hypervisor.dispatcher import Dispatcher
from edu_hv.hypervisor.free_storage import FreeStorage
from edu_hv.hypervisor.guest_stores import noting_stores, store_effects
from edu_hv.hypervisor.io_blocks import IOBLOK
from edu_hv.hypervisor.minidisks import Volumes
from edu_hv.hypervisor.named_segments import NamedSystems
from edu_hv.hypervisor.paging import Paging
from edu_hv.hypervisor.program import Trap, on_interruption
from edu_hv.hypervisor.real_io import RealIO
from edu_hv.hypervisor.scheduler import Scheduler
from edu_hv.hypervisor.shadow import ShadowTables
from edu_hv.hypervisor.spooling.connection import connect
from edu_hv.hypervisor.spooling.system import SpoolSystem
from edu_hv.hypervisor.stages import ENTRY_POINTS, FREE_STORAGE, RUNPSW, Stage, Work
from edu_hv.hypervisor.summary import Summary, changed, summary
from edu_hv.hypervisor.timer_requests import Request, TimerRequests
from edu_hv.hypervisor.tracing import Tracing
from edu_hv.hypervisor.vio import VirtualIO
from edu_hv.hypervisor.virtual_cpu import VirtualCPU
from edu_hv.hypervisor.virtual_devices import VirtualDevices
from edu_hv.hypervisor.virtual_timers import VirtualTimers
from edu_hv.hypervisor.vmblok import (
    ECBLOK,
    VMBLOK,
    XINTBLOK,
    DispatchStatus,
    OtherStatus,
    Pending,
    ProcessStatus,
    RunStatus,
    TerminalLine,
    TimerLevel,
    changed_keys,
    keys_of,
)
from edu_hv.hypervisor.vmcf import VMCF
from edu_hv.isa.codes import Class
from edu_hv.machine.ccw import CSW
from edu_hv.machine.events import Event
from edu_hv.machine.interruptions import Interruption, swap_psws
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW
from edu_hv.machine.timing import Clocks

__all__ = ["ENTRY_POINTS", "FREE_STORAGE", "RUNPSW", "ControlProgram", "Stage", "Work"]

_KEY_INSTRUCTIONS = frozenset({"SSK", "RRB", "ISK"})


class ControlProgram:
    """VM/370's CP on one machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.real = machine.cpu
        self.free_storage = FreeStorage(*FREE_STORAGE)
        self.paging = Paging(self.real, machine.channels, self.free_storage, FREE_STORAGE[1], machine.storage.size)
        self.scheduler = Scheduler()
        self.requests = TimerRequests()
        self.timers = VirtualTimers(self)
        self.dispatcher = Dispatcher(self)
        self.ios = RealIO(self)
        self.vio = VirtualIO(self)
        self.tracing = Tracing(self)
        self.assist: Assist = Assist(self)
        self.spool = SpoolSystem(clock=lambda: machine.clocks.tod)
        self.named_systems = NamedSystems(self)
        self.vmcf = VMCF(self)
        self.directory = Directory()
        """Who may log on; empty until somebody gives one."""
        self.volumes = Volumes()
        self.logmsg: tuple[int, tuple[str, ...]] = (0, ())
        """What everybody is told at logon (SET LOGMSG): the TOD clock when it was changed, and its lines."""
        self.vms: list[VMBLOK] = []
        """The machines that are logged on, in the order in which they did."""
        self.running_vm: VMBLOK | None = None
        self.slice = 0
        """What the real interval timer was set to at the last dispatch (QUANTUM)."""
        self.dispatched_at = 0
        """Machine time of the last dispatch."""
        self.work = Work()
        self.counts: Counter[tuple[str, str, str]] = Counter()
        """How often each rule fired, by userid, rule id and mnemonic of the instruction, if any."""
        self.on_request: dict[Request, Callable[[ControlProgram, VMBLOK], None]] = {}
        """What timer requests of commands do."""
        self.on_external: dict[int, Callable[[ControlProgram, VMBLOK, XINTBLOK], None]] = {}
        """What is stored besides with an external interruption, by its code."""
        self.on_completion: dict[str, Callable[[ControlProgram, IOBLOK, CSW], None]] = {}
        """What the end of a real operation that is no guest's SIO means, by its purpose."""
        self.guest_observer: Callable[[str, Event], None] | None = None
        """Hears what CP does to the virtual CPU of a guest that logs on, as its machine."""
        self.effects: list[Effect] = []
        """What the decision being carried out changed beside the virtual machine's own state."""
        self.abended = ""
        """The code with which CP itself has ended; then the real machine stands in a disabled wait."""
        self._carrying_out = False
        connect(self)
        connect_diagnose(self)
        self._write_low_storage()
        machine.handler = self

    def _write_low_storage(self) -> None:
        """The real new PSWs: EC mode, DAT off, supervisor state, disabled, at CP's entry points."""
        for kind, (_, address) in ENTRY_POINTS.items():
            psw = PSW(ec_mode=True, machine_check_mask=True, instruction_address=address)
            self.real.store_real(kind.new_psw, psw.to_bytes())

    # ---- virtual machines ------------------------------------------------------------------------------------

    @property
    def running(self) -> str | None:
        """Userid of the guest that has the real CPU."""
        return self.running_vm.vmuser if self.running_vm else None

    def vm(self, userid: str) -> VMBLOK:
        """The virtual machine of that user.  Raises StopIteration when it is not logged on."""
        return next(vm for vm in self.vms if vm.vmuser == userid)

    def logged_on(self, userid: str) -> VMBLOK | None:
        """The virtual machine of that user, or None."""
        return next((vm for vm in self.vms if vm.vmuser == userid), None)

    def logon(self, userid: str, size: int, ecmode: bool = False) -> VMBLOK:
        """Build a virtual machine of `size` bytes, without devices, in CP mode.  Raises UserError if it cannot be."""
        storage = self.paging.build(size)
        storage.userid = userid
        clocks = Clocks(self.machine.clocks.now, tod_at_zero=self.machine.clocks.tod_at_zero)
        cpu = VirtualCPU(self.real, clocks, storage, self.paging)
        vm = VMBLOK(userid, storage, cpu, VirtualDevices(), clocks, logged_on_at=self.machine.clocks.now)
        vm.cf = True
        if self.guest_observer is not None:
            cpu.observer = partial(self.guest_observer, userid)
        self.set_ecmode(vm, ecmode)
        self.vms.append(vm)
        self.dispatch_again()
        return vm

    def logoff(self, vm: VMBLOK) -> None:
        """The machine is gone with all that belonged to it; what its I/O still has to say is nobody's."""
        if not self._carrying_out:
            self._finish_work()  # What CP is at may be about this machine.
        if self.running_vm is vm:
            self.interrupt_running()
        self.vio.logoff(vm)
        self.requests.cancel(vm.vmuser)
        self.scheduler.drop(vm)
        if vm.shadow is not None:
            vm.shadow.free()
        self.assist.release(vm)
        self.vmcf.unauthorize(vm)
        self.named_systems.forget(vm)
        self.paging.release(vm.storage)
        self.vms.remove(vm)
        self.dispatch_again()

    def set_ecmode(self, vm: VMBLOK, on: bool) -> None:
        """SET ECMODE, without the reset that it implies."""
        if on == vm.ecmode:
            return
        if vm.shadow is not None:
            vm.shadow.free()
        vm.ecblok = ECBLOK(ShadowTables(self.real, self.free_storage, vm.storage, vm.cpu)) if on else None
        vm.vmpstat = vm.vmpstat | ProcessStatus.V370R if on else vm.vmpstat & ~ProcessStatus.V370R

    def ipl(self, vm: VMBLOK, device: int) -> None:
        """Virtual IPL from a device.  Raises UserError when there is nothing to load."""
        with self.console_function(vm):
            self.reset(vm)
            self.vio.ipl(vm, device)
            vm.cf = False
            self.wake(vm)

    def reset(self, vm: VMBLOK) -> None:
        """Virtual system reset: registers, pending interruptions, I/O in progress.  Storage stays as it is."""
        vm.cpu.reset()
        vm.resets += 1
        self.vmcf.unauthorize(vm)
        vm.vmpxint.clear()
        vm.pending_program = None
        vm.pages_wanted = vm.pages_told = vm.pages_arrived = ()
        vm.waiting_since = None
        vm.vmpend &= Pending.IO  # It follows from the devices.
        vm.program_loops = vm.external_loops = vm.quantum = vm.vmtimer = 0
        vm.vmpstat &= ~ProcessStatus.PAGEX
        vm.vmtlevel &= ~TimerLevel.CPU
        for what in Request:
            if what is not Request.FORCE:
                self.requests.cancel(vm.vmuser, what)
        if vm.shadow is not None:
            vm.shadow.free()
        self.tracing.reset(vm)
        vm.end_wait(RunStatus.EXWAIT | RunStatus.PGWAIT)
        vm.vmostat &= ~OtherStatus.SLEEP
        self.vio.reset(vm)
        vm.note_psw()

    # ---- from outside ----------------------------------------------------------------------------------------

    @contextmanager
    def console_function(self, vm: VMBLOK | None = None) -> Iterator[None]:
        """For a command: CP finishes what it is at, takes the machine from the guest that runs, and dispatches anew.

        A command that a guest gives by DIAGNOSE X'08' is part of what CP is at.
        """
        if self._carrying_out:
            yield
            return
        self._finish_work()
        self.interrupt_running()
        if vm is not None:
            self.named_systems.switch_to(vm)
        yield
        self.dispatch_again()

    def _finish_work(self) -> None:
        """CP runs disabled: what comes from a terminal has to wait until it has done what it is at."""
        if self.machine.recognized is not None:
            self.machine.take_recognized()
        while self.work.stage in (Stage.DECODE, Stage.RULE, Stage.DO):
            self.advance(self.machine)

    def simulating(self, vm: VMBLOK) -> bool:
        """Whether CP is just carrying out a decision about the machine, which must be there when that is done."""
        return self._carrying_out and self.work.subject is vm

    def wake(self, vm: VMBLOK) -> None:
        """The guest may have something to do now: let the dispatcher look at it."""
        if vm in self.vms and not vm.cf:
            self.scheduler.add(vm)
        if not self._carrying_out:
            self.dispatch_again()

    def dispatch_again(self) -> None:
        """Something changed from outside: go through the dispatcher."""
        if self._carrying_out:
            return
        self.interrupt_running()
        if self.running_vm is None and self.work.stage is Stage.NONE:
            self.work = Work(Stage.DISPATCH)

    def interrupt_running(self) -> None:
        """A person did something at a terminal: CP gets the machine from the guest that runs, as by the attention key.

        Not when an interruption is on its way that gives it to CP anyhow.
        """
        vm = self.running_vm
        if vm is None or self.busy or self.machine.recognized is not None:
            return
        self._take_from(vm, self.real.psw)
        self.real.load_psw(PSW.from_bytes(self.real.load_real(Class.INPUT_OUTPUT.new_psw, 8)))
        self.running_vm = None
        self.work = Work(Stage.DISPATCH)

    @contextmanager
    def registers_in_vmblok(self) -> Iterator[None]:
        """To look at a guest that still has its registers and PSW in the real machine: there and back."""
        if self.running_vm is None:
            yield
            return
        vm, interruption = self.running_vm, self.work.interruption
        low = interruption.kind.old_psw if interruption and self.busy else None
        real = self.real.psw if low is None else PSW.from_bytes(self.real.load_real(low, 8))
        dispatch.save_guest_registers(self.real, vm, real)
        yield
        self.real.gr[:], self.real.fpr[:] = vm.vmgprs, vm.vmfprs
        text = dispatch.real_psw_for(vm).to_bytes()
        if low is None:
            self.real.load_psw(PSW.from_bytes(text))
        else:
            self.real.store_real(low, text)

    def console_input(self, vm: VMBLOK, text: str) -> None:
        """A line was entered at the guest's terminal: it ends a console read that waited, or attention is pending."""
        with self.console_function(vm):
            self.spool.console_line(vm.vmuser, text)
            self.vio.input(vm, text)
            self.wake(vm)

    def write_terminal(self, vm: VMBLOK, text: str, cp: bool = True) -> None:
        """A line on the guest's terminal, and in its console file if there is one."""
        if not (self.spool.console_line(vm.vmuser, text) or cp):
            return
        vm.terminal.append(TerminalLine(text, cp))
        self.tell(ConsoleLine(vm.vmuser, text, cp))

    def tell(self, event: Event) -> None:
        """Whoever observes hears of it."""
        if self.machine.observer:
            self.machine.observer(event)

    def note(self, vm: VMBLOK, verdict: Verdict) -> None:
        """A decision within another one, such as what START I/O finds in the virtual blocks."""
        self._count(vm, verdict, "")
        self.tell(DecisionTaken(vm.vmuser, None, "", verdict, within=True))

    def effect(self, name: str, before: str, after: str) -> None:
        """The decision being carried out has changed something that is not in the virtual machine's own state."""
        if self.machine.observer and self._carrying_out:
            self.effects.append(Effect(name, before, after))

    def _count(self, vm: VMBLOK, verdict: Verdict, mnemonic: str) -> None:
        self.counts[vm.vmuser, verdict.rule.id, mnemonic] += 1

    # ---- interruption handler --------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether CP, not a guest, has the machine."""
        return self.work.stage is not Stage.NONE

    def interruption(self, machine: Machine, interruption: Interruption) -> None:
        """The hardware's part: the PSWs are swapped in real low storage, and CP has the machine."""
        swap_psws(self.real, interruption)
        self.work = Work(Stage.DECODE, interruption)

    def advance(self, machine: Machine) -> bool:
        """Do one stage, if there is one to do."""
        match self.work.stage:
            case Stage.DECODE:
                self._decode()
            case Stage.RULE:
                self._find_rule()
            case Stage.DO:
                self._carry_out()
            case Stage.DISPATCH:
                self.dispatcher.dispatch()
            case _:
                return False
        return True

    # ---- stage: save and decode ------------------------------------------------------------------------------

    def _decode(self) -> None:
        """Save the guest's registers and PSW in its VMBLOK, bring its timers up to date, fetch the instruction."""
        interruption = self.work.interruption
        assert interruption is not None
        if not self.vms:
            if interruption.kind is Class.PROGRAM:
                self.abend(f"PRG{interruption.code:03}")
            for_nobody(self, interruption)
            self.work = Work(Stage.DISPATCH)
            return
        vm, traced = self.running_vm, None
        text = b""
        if vm is not None:
            self._take_from(vm, PSW.from_bytes(self.real.load_real(interruption.kind.old_psw, 8)))
            interruption, traced = split_program_event(self, vm, interruption)
            text = instruction_of(vm, interruption)
            vm.vminst = text
            vm.traps += 1
        self.work.interruption = interruption
        self.work.trap = replace(trap_of(self, vm, interruption, text), traced=traced)
        self.running_vm = None
        self.work.subject = self.work.trap.vm
        if self.machine.observer:
            self.tell(Decoded(self.work.subject.vmuser, text, self.work.trap.operand))
        self.work.stage = Stage.RULE

    def _take_from(self, vm: VMBLOK, real_psw: PSW) -> None:
        """The guest does not have the real registers any more; what it used is charged."""
        dispatch.save_guest_registers(self.real, vm, real_psw)
        vm.vmdstat &= ~DispatchStatus.DSP
        self.timers.charge(vm)

    def request_due(self, vm: VMBLOK, what: Request) -> None:
        """A timer request that a command made: the end of SLEEP, or of a disconnected machine's grace."""
        action = self.on_request.get(what)
        if action is not None:
            action(self, vm)

    def external_parameter(self, vm: VMBLOK, block: XINTBLOK) -> None:
        """An external interruption that brings more than its code is taken: what it brings is stored."""
        action = self.on_external.get(block.code)
        if action is not None:
            action(self, vm, block)

    def stop(self, vm: VMBLOK, message: str) -> None:
        """Put a guest into CP mode, with a message and its PSW."""
        stop(self, vm, message)

    def abend(self, code: str) -> None:
        """CP itself ends: the operator is told, and nothing runs any more.  GC20-1807 "Abnormal Termination"."""
        self.abended = code
        operators = [vm for vm in self.vms if vm.vmostat & OtherStatus.SYSOP]
        for vm in operators or self.vms[:1]:
            self.write_terminal(vm, f"CP ABEND {code}")

    def io_completed(self, ioblok: IOBLOK, csw: CSW) -> None:
        """A real operation that CP started for a DIAGNOSE has ended."""
        action = self.on_completion.get(ioblok.purpose)
        if action is not None:
            action(self, ioblok, csw)

    # ---- stage: find the rule --------------------------------------------------------------------------------

    def _find_rule(self) -> None:
        trap = self.work.trap
        assert trap is not None
        self.decided(trap.vm, on_interruption(trap), trap)

    def decided(self, vm: VMBLOK, verdict: Verdict, trap: Trap | None) -> None:
        """It is known what is to be done: carry it out next."""
        self.work.trap, self.work.verdict, self.work.subject = trap, verdict, vm
        interruption, mnemonic = (trap.interruption, trap.mnemonic) if trap else (None, "")
        self._count(vm, verdict, mnemonic)
        self.tell(DecisionTaken(vm.vmuser, interruption, mnemonic, verdict))
        self.work.stage = Stage.DO

    # ---- stage: carry it out ---------------------------------------------------------------------------------

    def _carry_out(self) -> None:
        verdict, subject = self.work.verdict, self.work.subject
        assert verdict is not None
        assert subject is not None
        decision = verdict.decision
        vm = self.vm(decision.userid) if isinstance(decision, KeepInterruption) else subject
        self._carrying_out = True
        try:
            if self.machine.observer is None:
                carry_out(self, vm, verdict)
            else:
                self._carry_out_observed(vm, verdict)
        finally:
            self._carrying_out = False
        self.work.stage = Stage.DISPATCH

    def _carry_out_observed(self, vm: VMBLOK, verdict: Verdict) -> None:
        """Besides, find out what it changes."""
        decision = verdict.decision
        keys = keys_of(vm) if isinstance(decision, Simulate) and decision.mnemonic in _KEY_INSTRUCTIONS else None
        before = summary(vm)
        self.effects.clear()
        with noting_stores(self.machine.storage) as stores:
            carry_out(self, vm, verdict)
        if isinstance(decision, Simulate | SimulateIO | Hypercall) and stores and vm in self.vms:
            self.effects += store_effects(vm, stores)
        effects = (*_effects(vm, before, keys), *self.effects) if vm in self.vms else tuple(self.effects)
        self.tell(DecisionCarriedOut(vm.vmuser, verdict, effects))

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> Any:
        """A checkpoint."""
        parts = (
            self.free_storage,
            self.paging,
            self.scheduler,
            self.requests,
            self.ios,
            self.vio,
            self.tracing,
            self.spool,
            self.assist,
            self.named_systems,
            self.vmcf,
        )
        plain = (
            self.running_vm,
            self.slice,
            self.dispatched_at,
            replace(self.work),
            Counter(self.counts),
            (self.volumes, self.logmsg, self.abended),
        )
        return [vm.state() for vm in self.vms], plain, [(part, part.state()) for part in parts]

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        vms, (self.running_vm, self.slice, self.dispatched_at, work, counts, system), parts = state
        self.volumes, self.logmsg, self.abended = system
        self.work, self.counts = replace(work), Counter(counts)
        for part, saved in parts:
            part.restore(saved)
        self.vms[:] = [saved[0] for saved in vms]
        for vm, saved in zip(self.vms, vms, strict=True):
            vm.restore(saved)


def _effects(vm: VMBLOK, before: Summary, keys: bytes | None) -> tuple[Effect, ...]:
    """What is not as it was: the virtual machine's state as `summary` gave it, and its storage keys if they matter."""
    effects = [Effect(*values) for values in changed(before, summary(vm))]
    if keys is not None:
        effects += [Effect(f"key of {at:06X}", f"{old:02X}", f"{new:02X}") for at, old, new in changed_keys(vm, keys)]
    return tuple(effects)
