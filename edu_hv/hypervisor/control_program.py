"""CP itself: it takes the real interruptions, and works in stages that can be looked at one by one.

Each `advance` does one stage: save and decode, find the rule, carry the decision out, dispatch.  A program on the real
machine would do the same between an interruption and the next LPSW; here it is Python, at the addresses that the new
PSWs in real low storage name, and everything it keeps is plain values.  SY20-0886 "CP Interruption Handling".
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

from edu_hv.hypervisor import dispatch, vio
from edu_hv.hypervisor.decisions import (
    ConsoleLine,
    DecisionCarriedOut,
    DecisionTaken,
    Decoded,
    Deliver,
    Dispatched,
    Effect,
    EndTimeSlice,
    EnterConsoleFunction,
    Hypercall,
    KeepInterruption,
    Reflect,
    Run,
    Simulate,
    SimulateIO,
    Verdict,
)
from edu_hv.hypervisor.diagnose import diagnose
from edu_hv.hypervisor.free_storage import FreeStorage
from edu_hv.hypervisor.paging import CP_CR0, FramePool, build_tables
from edu_hv.hypervisor.program import Trap, on_interruption
from edu_hv.hypervisor.simulate import simulate
from edu_hv.hypervisor.vmblok import VDEVBLOK, VMBLOK, TerminalLine, VirtualCPU, changed_keys, summary
from edu_hv.isa.codes import CR0, MASK_24, PSA, Class, External
from edu_hv.isa.table import BY_MNEMONIC
from edu_hv.machine.channel import Channels
from edu_hv.machine.channel_program import Device
from edu_hv.machine.events import Event
from edu_hv.machine.instructions.registry import indexed
from edu_hv.machine.interruptions import (
    Ending,
    Interruption,
    ProgramInterruption,
    swap_psws,
)
from edu_hv.machine.machine import Machine, program_interruption
from edu_hv.machine.psw import PSW
from edu_hv.machine.timing import Clocks

ENTRY_POINTS = {
    Class.RESTART: ("DMKCPIRS", 0x001000),
    Class.EXTERNAL: ("DMKPSAEX", 0x001100),
    Class.SVC: ("DMKPSASV", 0x001200),
    Class.PROGRAM: ("DMKPRGIN", 0x001300),
    Class.MACHINE_CHECK: ("DMKMCHIN", 0x001400),
    Class.INPUT_OUTPUT: ("DMKIOSIN", 0x001500),
}
"""Where the real new PSWs point: module entry names of VM/370, at addresses of our own."""

RUNPSW = 0x330
"""Real address of the PSW that dispatches a guest.  SY20-0886 "PSA"."""
FREE_STORAGE = (0x002000, 0x010000)
"""Real addresses of CP's free storage; page frames follow."""

TRAP_MICROSECONDS = 40
"""Machine time from an interruption to the dispatch that answers it.  Invented; the clock runs on, as it did."""

_EX = BY_MNEMONIC["EX"].code


class Stage(Enum):
    """The next thing CP has to do."""

    NONE = "a guest runs"
    DECODE = "save and decode"
    RULE = "find the rule"
    DO = "carry it out"
    DISPATCH = "dispatch"


@dataclass
class Work:
    """What CP is busy with."""

    stage: Stage = Stage.NONE
    interruption: Interruption | None = None
    trap: Trap | None = None
    verdict: Verdict | None = None
    subject: str = ""
    """Userid of the guest that the verdict is about."""


class ControlProgram:
    """VM/370's CP on one machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.real = machine.cpu
        self.free_storage = FreeStorage(*FREE_STORAGE)
        self.frames = FramePool.between(FREE_STORAGE[1], machine.storage.size)
        self.vio = vio.VirtualIO(self.real, machine.channels, self.free_storage)
        self.vms: list[VMBLOK] = []
        self.ring: list[str] = []
        """Userids in the order of their turns; the first that can run does."""
        self.running: str | None = None
        self.slice = 0
        """What the real interval timer was set to at the last dispatch (QUANTUM)."""
        self.work = Work()
        self._write_low_storage()
        machine.handler = self

    def _write_low_storage(self) -> None:
        """The real new PSWs: EC mode, DAT off, supervisor state, disabled, at CP's entry points."""
        for kind, (_, address) in ENTRY_POINTS.items():
            psw = PSW(ec_mode=True, machine_check_mask=True, instruction_address=address)
            self.real.store_real(kind.new_psw, psw.to_bytes())

    # ---- virtual machines ------------------------------------------------------------------------------------

    def vm(self, userid: str) -> VMBLOK:
        """The virtual machine of that user."""
        return next(vm for vm in self.vms if vm.vmuser == userid)

    def logon(self, userid: str, size: int) -> VMBLOK:
        """Build a virtual machine of `size` bytes, without devices, in CP mode.  Raises UserError if it cannot be."""
        vmseg = build_tables(self.real, self.free_storage, self.frames, size)
        clocks = Clocks()
        cpu = VirtualCPU(self.real, clocks, size, vmseg)
        vm = VMBLOK(userid, size, vmseg, cpu, Channels(vio.GuestStorage(cpu), clocks), clocks, cf=True)
        self.vms.append(vm)
        self.ring.append(userid)
        self.dispatch_again()
        return vm

    def define(self, vm: VMBLOK, address: int, device_class: str, device: Device) -> None:
        """Give the guest a device whose channel programs CP interprets."""
        vm.channels.attach(address, device)
        vm.vmdevs[address] = VDEVBLOK(address, device_class, virtual=True)

    def attach(self, vm: VMBLOK, address: int, device_class: str, real: int) -> None:
        """Dedicate the real device to the guest, at a virtual address."""
        vm.vmdevs[address] = VDEVBLOK(address, device_class, virtual=False, real=real)

    def ipl(self, vm: VMBLOK, device: int) -> None:
        """Virtual IPL from a device CP interprets.  Raises UserError when there is nothing to load."""
        self.interrupt_running()
        self._reset(vm)
        vm.channels.initial_program_load(device)
        psw = vm.cpu.decode_psw(vm.cpu.load_real(0, 8))
        vm.cpu.store_real(PSA.IO_ADDRESS if psw.ec_mode else 2, device.to_bytes(2, "big"))
        vm.cpu.load_psw(psw)
        vm.cf = False
        self.dispatch_again()

    def _reset(self, vm: VMBLOK) -> None:
        """Virtual system reset: registers, pending interruptions, I/O in progress.  Storage stays as it is."""
        vm.cpu.reset()
        vm.vmpxint.clear()
        vm.program_loops = vm.quantum = 0
        self.vio.reset(vm)

    def dispatch_again(self) -> None:
        """Something changed from outside: go through the dispatcher."""
        self.interrupt_running()
        if self.running is None and self.work.stage is Stage.NONE:
            self.work = Work(Stage.DISPATCH)

    def interrupt_running(self) -> None:
        """A person did something at a terminal: CP gets the machine from the guest that runs, as by the attention key.

        Not when an interruption is on its way that gives it to CP anyhow.
        """
        if self.running is None or self.busy or self.machine.recognized is not None:
            return
        vm = self.vm(self.running)
        dispatch.save_guest_registers(self.real, vm, self.real.psw)
        self._charge_time(vm)
        self.real.load_psw(PSW.from_bytes(self.real.load_real(Class.INPUT_OUTPUT.new_psw, 8)))
        self.running = None
        self.work = Work(Stage.DISPATCH)

    @contextmanager
    def registers_in_vmblok(self) -> Iterator[None]:
        """For a command about a guest that still has its registers and PSW in the real machine: there and back."""
        if self.running is None:
            yield
            return
        vm, interruption = self.vm(self.running), self.work.interruption
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

    def write_terminal(self, vm: VMBLOK, text: str, cp: bool = True) -> None:
        """A line on the guest's terminal."""
        vm.terminal.append(TerminalLine(text, cp))
        self._tell(ConsoleLine(vm.vmuser, text, cp))

    def _tell(self, event: Event) -> None:
        if self.machine.observer:
            self.machine.observer(event)

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
                self._dispatch()
            case _:
                return False
        return True

    # ---- stage: save and decode ------------------------------------------------------------------------------

    def _decode(self) -> None:
        """Save the guest's registers and PSW in its VMBLOK, bring its timer up to date, fetch the instruction."""
        interruption = self.work.interruption
        assert interruption is not None
        vm = self.vm(self.running) if self.running else None
        text = b""
        if vm is not None:
            old = PSW.from_bytes(self.real.load_real(interruption.kind.old_psw, 8))
            dispatch.save_guest_registers(self.real, vm, old)
            self._charge_time(vm)
            text = self._instruction(vm, interruption)
            vm.vminst = text
            vm.traps += 1
        owner, device = self._owner(interruption)
        self.work.trap = Trap(vm or owner or self.vms[0], interruption, text, owner, device, waiting=vm is None)
        self.running = None
        self.work.subject = self.work.trap.vm.vmuser
        self._tell(Decoded(self.work.subject, text, self.work.trap.operand))
        self.work.stage = Stage.RULE

    def _charge_time(self, vm: VMBLOK) -> None:
        """Take what the guest used off its own interval timer, at guest X'50'; SY20-0886 "Interval Timer"."""
        left = int.from_bytes(self.real.load_real(PSA.INTERVAL_TIMER, 4), "big", signed=True)
        used, vm.quantum, self.slice = self.slice - left, left, left
        vm.clocks.now = max(vm.clocks.now, self.machine.clocks.now)
        if not used:
            return
        before = int.from_bytes(vm.cpu.load_real(PSA.INTERVAL_TIMER, 4), "big", signed=True)
        after = before - used
        vm.cpu.store_real(PSA.INTERVAL_TIMER, (after & 0xFFFFFFFF).to_bytes(4, "big"))
        if before >= 0 > after:
            vm.queue_external(External.INTERVAL_TIMER, CR0.INTERVAL_TIMER_MASK)

    def _instruction(self, vm: VMBLOK, interruption: Interruption) -> bytes:
        """The instruction that trapped, fetched from the guest's storage; the target of an EXECUTE."""
        if interruption.kind not in (Class.PROGRAM, Class.SVC) or not interruption.ilc:
            return b""
        try:
            text = vm.cpu.fetch_instruction(interruption.instruction_address)
            vm.cpu.ilc = len(text) >> 1
            if text[0] != _EX:
                return text
            target = vm.cpu.fetch_instruction(indexed(vm.cpu, text))
        except ProgramInterruption:
            return b""
        register = text[1] >> 4
        modifier = vm.vmgprs[register] & 0xFF if register else 0
        return bytes([target[0], target[1] | modifier]) + target[2:]

    def _owner(self, interruption: Interruption) -> tuple[VMBLOK | None, int]:
        """The guest a real device is dedicated to, and its virtual address there."""
        if interruption.kind is Class.INPUT_OUTPUT:
            for vm in self.vms:
                for device in vm.vmdevs.values():
                    if device.real == interruption.code:
                        return vm, device.address
        return None, 0

    # ---- stage: find the rule --------------------------------------------------------------------------------

    def _find_rule(self) -> None:
        trap = self.work.trap
        assert trap is not None
        self._decided(trap.vm, on_interruption(trap), trap)

    def _decided(self, vm: VMBLOK, verdict: Verdict, trap: Trap | None) -> None:
        self.work.trap, self.work.verdict, self.work.subject = trap, verdict, vm.vmuser
        interruption = trap.interruption if trap else None
        self._tell(DecisionTaken(vm.vmuser, interruption, trap.mnemonic if trap else "", verdict))
        self.work.stage = Stage.DO

    # ---- stage: carry it out ---------------------------------------------------------------------------------

    def _carry_out(self) -> None:
        verdict = self.work.verdict
        assert verdict is not None
        vm, decision = self.vm(self.work.subject), verdict.decision
        changed = self.vm(decision.userid) if isinstance(decision, KeepInterruption) else vm
        if self.machine.observer is None:
            self.carry_out(vm, verdict)
        else:
            before, keys = summary(changed), bytes(self.real.storage.keys)
            self.carry_out(vm, verdict)
            self._tell(DecisionCarriedOut(vm.vmuser, verdict, _effects(changed, before, keys)))
        self.work.stage = Stage.DISPATCH

    def carry_out(self, vm: VMBLOK, verdict: Verdict) -> None:
        """Change the virtual machine as decided."""
        loops, vm.program_loops = vm.program_loops, 0
        match verdict.decision:
            case Simulate(mnemonic, text):
                self._simulate(vm, lambda: simulate(vm, mnemonic, text), loops)
            case SimulateIO(mnemonic, _, device):
                self._simulate(vm, lambda: self.vio.simulate(vm, mnemonic, device), loops)
                self._collect_console(vm)
            case Hypercall(code, text):
                self._simulate(vm, lambda: diagnose(self, vm, code, text), loops)
            case Reflect(interruption):
                self._reflect(vm, interruption, loops)
            case Deliver(interruption):
                self._deliver(vm, interruption)
            case EndTimeSlice():
                vm.quantum = 0
                self.ring.remove(vm.vmuser)
                self.ring.append(vm.vmuser)
            case KeepInterruption(userid, device):
                owner = self.vm(userid)
                self.vio.keep_interruption(owner.vmdevs[device])
            case EnterConsoleFunction(message):
                self._enter_cp_mode(vm, message)
            case _:
                pass

    def _simulate(self, vm: VMBLOK, action: Callable[[], None], loops: int) -> None:
        """Run a simulation; a program interruption it meets is the guest's, as if the instruction had caused it."""
        at = self.work.trap.interruption.instruction_address if self.work.trap else 0
        try:
            action()
        except ProgramInterruption as condition:
            if condition.ending is Ending.NULLIFICATION:
                vm.vmpsw.instruction_address = at
            self._reflect(vm, program_interruption(condition, vm.cpu.ilc, at, vm.vminst), loops)

    def _reflect(self, vm: VMBLOK, interruption: Interruption, loops: int) -> None:
        """Do to the guest's low storage and PSW what the machine does to its own.

        `loops`: how often in a row it was the first instruction of the guest's program-interruption routine.
        """
        trap, psw = self.work.trap, vm.vmpsw
        nullified = trap is not None and trap.interruption.ending is Ending.NULLIFICATION
        if nullified and interruption.ending is not Ending.NULLIFICATION:
            # To the guest the instruction has ended: its old PSW points behind it.
            psw.instruction_address = psw.instruction_address + interruption.ilc * 2 & MASK_24
        swap_psws(vm.cpu, interruption)
        if interruption.kind is Class.PROGRAM and interruption.instruction_address == vm.vmpsw.instruction_address:
            vm.program_loops = loops + 1

    def _deliver(self, vm: VMBLOK, interruption: Interruption) -> None:
        """A pending virtual interruption is taken by the guest and is pending no more."""
        if interruption.kind is Class.EXTERNAL:
            vm.vmpxint = [block for block in vm.vmpxint if block.code & ~interruption.code]
        else:
            vio.accept(vm, interruption.code)
        swap_psws(vm.cpu, interruption)

    def _collect_console(self, vm: VMBLOK) -> None:
        """Bring to the terminal what the guest has written on its virtual console."""
        console = vm.console()
        lines = getattr(console, "lines", [])
        for text in lines[vm.console_lines_seen :]:
            self.write_terminal(vm, text, cp=False)
        vm.console_lines_seen = len(lines)

    def _enter_cp_mode(self, vm: VMBLOK, message: str) -> None:
        vm.cf = True
        self.write_terminal(vm, f"{message} '{vm.vmpsw}'")
        self.write_terminal(vm, "CP")

    # ---- stage: dispatch -------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Find the guest that is next and run it, unless it must first get an interruption or be stopped."""
        self._advance_virtual_devices()
        vm = self._next()
        if vm is None:
            self._idle()
            return
        verdict = dispatch.before_running(vm)
        if isinstance(verdict.decision, Run):
            self._run(vm)
        else:
            self._decided(vm, verdict, None)

    def _next(self) -> VMBLOK | None:
        return next((vm for vm in map(self.vm, self.ring) if dispatch.wants_attention(vm)), None)

    def _run(self, vm: VMBLOK) -> None:
        """Load the real timer, registers and PSW; the guest has the machine.  SY20-0886 "Dispatching"."""
        if not vm.quantum:
            vm.quantum = dispatch.QUANTUM
        self._set_timer(vm.quantum)
        dispatch.load_guest_registers(self.real, vm)
        self.real.store_real(RUNPSW, dispatch.real_psw_for(vm).to_bytes())
        self.machine.pass_control_program_time(TRAP_MICROSECONDS)
        self.running = vm.vmuser
        self._load_runpsw()
        self._tell(Dispatched(vm.vmuser, self.real.psw.to_bytes()))

    def _advance_virtual_devices(self) -> None:
        """A channel program too long to be interpreted in one go goes on, be its guest running or waiting."""
        for vm in self.vms:
            vio.run_virtual_channels(vm)
            self._collect_console(vm)

    def _idle(self) -> None:
        """No guest can run: the real machine waits for an I/O interruption or for a person.

        While CP has a virtual device's channel program to go on with, the interval timer ends the wait.
        """
        unfinished = any(vm.channels.next_event is not None for vm in self.vms if not vm.cf)
        self._set_timer(dispatch.QUANTUM if unfinished else dispatch.IDLE_TIMER)
        self.real.cr[0] = CP_CR0 if unfinished else CP_CR0 & ~CR0.INTERVAL_TIMER_MASK
        self.real.store_real(RUNPSW, dispatch.IDLE_PSW.to_bytes())
        self._load_runpsw()
        self._tell(Dispatched("", self.real.psw.to_bytes()))

    def _load_runpsw(self) -> None:
        self.real.load_psw(PSW.from_bytes(self.real.load_real(RUNPSW, 8)))
        self.work.stage = Stage.NONE

    def _set_timer(self, units: int) -> None:
        self.slice = units
        self.real.store_real(PSA.INTERVAL_TIMER, units.to_bytes(4, "big"))

    # ---- from outside ----------------------------------------------------------------------------------------

    def console_input(self, vm: VMBLOK) -> None:
        """A line was entered at the guest's terminal: it ends a console read that waited, or attention is pending."""
        self._advance_virtual_devices()
        self.dispatch_again()

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> Any:
        """A checkpoint."""
        return (
            [vm.state() for vm in self.vms],
            list(self.ring),
            self.running,
            self.slice,
            dict(self.free_storage.taken),
            self._work_state(),
        )

    def _work_state(self) -> Any:
        work = self.work
        trap = work.trap
        saved = None
        if trap:
            owner = trap.owner.vmuser if trap.owner else None
            saved = trap.vm.vmuser, trap.interruption, trap.text, owner, trap.owner_device, trap.waiting
        return work.stage, work.interruption, saved, work.verdict, work.subject

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        vms, ring, self.running, self.slice, taken, work = state
        for vm, saved in zip(self.vms, vms, strict=True):
            vm.restore(saved)
        self.ring[:] = ring
        self.free_storage.taken = dict(taken)
        stage, interruption, trap, verdict, subject = work
        restored = None
        if trap:
            userid, trapped, text, owner, device, waiting = trap
            restored = Trap(self.vm(userid), trapped, text, self.vm(owner) if owner else None, device, waiting)
        self.work = Work(stage, interruption, restored, verdict, subject)


def _effects(vm: VMBLOK, before: dict[str, str], keys: bytes) -> tuple[Effect, ...]:
    """What is not as it was: the virtual machine's state as `summary` gave it, and the keys of real storage."""
    after = summary(vm)
    effects = [Effect(name, before[name], after[name]) for name in before if before[name] != after[name]]
    effects += [Effect(f"key of {at:06X}", f"{old:02X}", f"{new:02X}") for at, old, new in changed_keys(vm, keys)]
    return tuple(effects)
