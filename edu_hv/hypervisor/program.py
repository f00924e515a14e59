"""From an interruption of a running guest to a decision (DMKPRG, DMKPSA, DMKIOS).

Tables of rules, tried in order.  SY20-0886 "Program Interruption", "SVC Interruption", "External Interruption".
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.hypervisor.decisions import (
    Decision,
    EndTimeSlice,
    Hypercall,
    Ignore,
    KeepInterruption,
    Reflect,
    Rule,
    Simulate,
    SimulateIO,
    Verdict,
    decide,
)
from edu_hv.hypervisor.simulate import SIMULATED
from edu_hv.isa.codes import PIC, Class, External
from edu_hv.isa.table import operation
from edu_hv.machine.instructions.registry import base_displacement
from edu_hv.machine.interruptions import Ending, Interruption, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.hypervisor.vmblok import VMBLOK


@dataclass(frozen=True)
class Trap:
    """What CP has before it when it decides: the interruption, the guest, and the instruction fetched from it."""

    vm: "VMBLOK"
    interruption: Interruption
    text: bytes
    """The instruction, through EXECUTE if need be; empty when there is none."""
    owner: "VMBLOK | None" = None
    """I/O: the guest to which the real device belongs."""
    owner_device: int = 0
    waiting: bool = False
    """The real machine was waiting: `vm` did not run, it only stands in."""

    @property
    def mnemonic(self) -> str:
        """The instruction's mnemonic, or ""."""
        row = operation(self.text) if self.text else None
        return row.mnemonic if row else ""

    @property
    def facility_absent(self) -> bool:
        """Whether the instruction is a semiprivileged one that CP does not simulate: one of dual address spaces."""
        row = operation(self.text) if self.text else None
        return row is not None and row.semiprivileged and self.mnemonic not in SIMULATED

    @property
    def is_io(self) -> bool:
        """Whether the instruction is one of the I/O instructions that CP carries out."""
        return self.mnemonic in IO_INSTRUCTIONS

    @property
    def operand_address(self) -> int:
        """The effective address of the D(B) operand of an S or RS instruction."""
        return base_displacement(self.vm.cpu, self.text, 2)

    @property
    def operand(self) -> str:
        """The storage operand in words, as CP finds it in guest storage: "012310 = 00"; "" when there is none."""
        row = operation(self.text) if self.text else None
        length = _OPERAND_LENGTHS.get(row.mnemonic) if row else None
        if length is None:
            return ""
        address = self.operand_address
        try:
            return f"{address:06X} = {self.vm.cpu.load_real(address, length).hex(' ', 4).upper()}"
        except ProgramInterruption:
            return f"{address:06X}, outside the guest's storage"

    @property
    def translation_beyond_storage(self) -> bool:
        """A translation exception while the guest's own DAT is off: the address is past the guest's storage."""
        return self.interruption.code in (PIC.SEGMENT_TRANSLATION, PIC.PAGE_TRANSLATION) and not self.vm.vmpsw.dat

    @property
    def timer_ran_out(self) -> bool:
        """The real interval timer has something to say."""
        external = self.interruption.kind is Class.EXTERNAL
        return external and bool(self.interruption.code & External.INTERVAL_TIMER)


IO_INSTRUCTIONS = frozenset({"SIO", "SIOF", "TIO", "CLRIO", "HIO", "HDV", "TCH", "STIDC"})

_OPERAND_LENGTHS = {"SSM": 1, "STNSM": 1, "STOSM": 1, "LPSW": 8, "SCK": 8, "STIDP": 8, "LCTL": 4, "STCTL": 4}
"""Bytes of the storage operand worth showing, by mnemonic."""


def _reflect(trap: Trap) -> Decision:
    return Reflect(trap.interruption)


@dataclass(frozen=True)
class ReflectAs:
    """Reflect the interruption with another code than the real machine gave, and with that code's ending."""

    code: PIC
    ending: Ending = Ending.SUPPRESSION

    def __call__(self, trap: Trap) -> Decision:
        """The decision for this trap."""
        real = trap.interruption
        return Reflect(
            Interruption(Class.PROGRAM, self.code, real.ilc, real.instruction_address, real.text, self.ending)
        )


def _act_for(trap: Trap) -> Decision:
    """What acting as the machine would means for this instruction."""
    if trap.mnemonic == "DIAG":
        return Hypercall(trap.operand_address & 0xFFFF, trap.text)
    if trap.is_io:
        return SimulateIO(trap.mnemonic, trap.text, trap.operand_address & 0xFFFF)
    return Simulate(trap.mnemonic, trap.text)


def _why_act(trap: Trap) -> str:
    if trap.mnemonic == "DIAG":
        return "DIAGNOSE means what the maker of the machine says it means; in a virtual machine that is CP"
    if trap.is_io:
        return "virtual supervisor state: CP acts as the channel would, on the device the guest has in that place"
    return "virtual supervisor state: CP acts as the machine would, on the guest's values and not on the real ones"


PRIVILEGED_OPERATION: tuple[Rule[Trap], ...] = (
    Rule(
        "PRV-1",
        "guest in virtual problem state?",
        "reflect code 0002 into the guest",
        "virtual problem state: on a real machine it would trap too, and the guest's own supervisor must hear of it",
        'SY20-0886 "Privileged Instruction Simulation"',
        lambda trap: trap.vm.vmpsw.problem_state,
        _reflect,
    ),
    Rule(
        "PRV-2",
        "virtual supervisor state, and CP knows the instruction?",
        "do it to the virtual machine",
        _why_act,
        'SY20-0886 "Privileged Instruction Simulation"',
        lambda trap: trap.is_io or trap.mnemonic == "DIAG" or trap.mnemonic in SIMULATED,
        _act_for,
    ),
    Rule(
        "PRV-3",
        "is the instruction unknown to CP?",
        "reflect code 0001 into the guest",
        "the virtual machine does not have this instruction, so it is an operation exception there",
        'SY20-0886 "Privileged Instruction Simulation"',
        lambda trap: True,
        ReflectAs(PIC.OPERATION),
    ),
)
"""A privileged-operation exception: the guest ran a privileged instruction in real problem state."""

NOT_IN_A_VIRTUAL_MACHINE: tuple[Rule[Trap], ...] = (
    Rule(
        "PRG-3",
        "is it an instruction of a facility that no virtual machine has?",
        "reflect code 0001 into the guest",
        "the real machine has this instruction, the virtual machine does not: there it is an operation exception, "
        "in either state",
        'SY20-0886 "Privileged Instruction Simulation"',
        lambda trap: True,
        ReflectAs(PIC.OPERATION),
    ),
)
"""Whatever exception ended an instruction of dual address spaces on the real machine, which has them."""

GUESTS_OWN: tuple[Rule[Trap], ...] = (
    Rule(
        "PRG-1",
        "did translation fail although the guest's own DAT is off?",
        "reflect code 0005, addressing",
        "the address is past the guest's storage; the guest knows of no tables, so for it that is an addressing "
        "exception",
        'SY20-0886 "Segment Exception"',
        lambda trap: trap.translation_beyond_storage,
        ReflectAs(PIC.ADDRESSING, Ending.TERMINATION),
    ),
    Rule(
        "PRG-2",
        "is it the guest's own doing?",
        "reflect it unchanged",
        "the condition is the guest's own; its new PSW takes it",
        'SY20-0886 "Program Interruption"',
        lambda trap: True,
        _reflect,
    ),
)
"""Any other program interruption."""


def _why_stale(trap: Trap) -> str:
    if trap.waiting:
        return "the real machine was waiting and CP had set the timer, to go on with a virtual device's channel program"
    return "the slice that this signals was ended when CP saw the timer negative; the signal itself was still pending"


SUPERVISOR_CALL: tuple[Rule[Trap], ...] = (
    Rule(
        "SVC-1",
        "was the real machine in problem state, so that a guest issued the SVC?",
        "reflect it into the guest",
        "an SVC is the guest program's call to the guest's own supervisor; CP only carries it there",
        'SY20-0886 "SVC Interruption"',
        lambda trap: not trap.waiting,
        _reflect,
    ),
    Rule(
        "SVC-2",
        "was it supervisor state, so that CP itself issued it?",
        "serve CP's own call",
        "CP's own SVC",
        'SY20-0886 "SVC Interruption"',
        lambda trap: True,
        lambda trap: Ignore(),
    ),
)
"""A supervisor call."""

EXTERNAL: tuple[Rule[Trap], ...] = (
    Rule(
        "EXT-1",
        "did the real interval timer run out, and with it the guest's time slice?",
        "end the guest's time slice",
        "the real timer belongs to CP and holds the time slice; the guest's own timer is in the guest's page 0",
        'SY20-0886 "Timer Management"',
        lambda trap: trap.timer_ran_out and not trap.waiting and trap.vm.quantum < 0,
        lambda trap: EndTimeSlice(),
    ),
    Rule(
        "EXT-2",
        "is it the real interval timer, but nobody's slice?",
        "ignore it, and see who can run",
        _why_stale,
        'SY20-0886 "Timer Management"',
        lambda trap: trap.timer_ran_out,
        lambda trap: Ignore(),
    ),
    Rule(
        "EXT-3",
        "is it any other signal of the real machine, such as its interrupt key or restart key?",
        "ignore it: none is meant for a guest",
        "real signals from outside belong to CP; a guest gets its own by the EXTERNAL command",
        'SY20-0886 "External Interruption"',
        lambda trap: True,
        lambda trap: Ignore(),
    ),
)
"""A real external interruption."""

INPUT_OUTPUT: tuple[Rule[Trap], ...] = (
    Rule(
        "IO-1",
        "does the real device belong to a guest?",
        "keep the interruption for that guest, with the CSW in its addresses",
        "the operation was a guest's; it hears of it when its own PSW allows that channel",
        'SY20-0886 "I/O Interruption"',
        lambda trap: trap.owner is not None,
        lambda trap: KeepInterruption(trap.owner.vmuser if trap.owner else "", trap.owner_device),
    ),
    Rule(
        "IO-2",
        "is it nobody's?",
        "ignore it",
        "no guest has this device, and CP has started nothing there itself",
        'SY20-0886 "I/O Interruption"',
        lambda trap: True,
        lambda trap: Ignore(),
    ),
)
"""A real I/O interruption."""

ALL_RULES: tuple[Rule[Trap], ...] = (
    *PRIVILEGED_OPERATION,
    *GUESTS_OWN,
    *NOT_IN_A_VIRTUAL_MACHINE,
    *SUPERVISOR_CALL,
    *EXTERNAL,
    *INPUT_OUTPUT,
)


def on_interruption(trap: Trap) -> Verdict:
    """What CP does about an interruption of a running guest.  Decides; changes nothing."""
    match trap.interruption.kind:
        case Class.PROGRAM if trap.facility_absent:
            return decide(NOT_IN_A_VIRTUAL_MACHINE, trap)
        case Class.PROGRAM if trap.interruption.code == PIC.PRIVILEGED_OPERATION:
            return decide(PRIVILEGED_OPERATION, trap)
        case Class.PROGRAM:
            return decide(GUESTS_OWN, trap)
        case Class.SVC:
            return decide(SUPERVISOR_CALL, trap)
        case Class.INPUT_OUTPUT:
            return decide(INPUT_OUTPUT, trap)
        case _:
            return decide(EXTERNAL, trap)  # The restart key too; a machine check cannot happen here.
