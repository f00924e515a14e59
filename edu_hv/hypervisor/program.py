"""From an interruption of a running guest to a decision (DMKPRG, DMKPSA, DMKIOS).

Tables of rules, tried in order.  SY20-0886 "Program Interruption", "SVC Interruption", "External Interruption".
"""

from collections.abc import Callable
from dataclasses import dataclass

from edu_hv.hypervisor.decisions import (
    AbendCP,
    Decision,
    EndTimeSlice,
    FillShadow,
    Hypercall,
    Ignore,
    KeepInterruption,
    PageIn,
    PagingDone,
    PseudoPageFault,
    QueueExternal,
    Reflect,
    Rule,
    ServeDevice,
    Simulate,
    SimulateIO,
    TimerRequestsDue,
    TraceStop,
    Verdict,
    decide,
)
from edu_hv.hypervisor.shadow import Meaning, ShadowFault
from edu_hv.hypervisor.trap import Trap as Trap
from edu_hv.isa.codes import CR0, MASK_24, PIC, Class, External
from edu_hv.machine.interruptions import Ending, Interruption


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
            Interruption(
                Class.PROGRAM, self.code, real.ilc, real.instruction_address, real.text, self.ending, per=real.per
            )
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


CP_FAILURE: tuple[Rule[Trap], ...] = (
    Rule(
        "PRG-0",
        "was the real machine in supervisor state, so that CP itself was interrupted?",
        "end CP with a dump: CP ABEND PRGnnn",
        "only CP runs in real supervisor state, and CP makes no program checks: this one is an error in CP itself",
        'GC20-1807 "Abnormal Termination"',
        lambda trap: trap.supervisor,
        lambda trap: AbendCP(f"PRG{trap.interruption.code:03}"),
    ),
)
"""A program interruption while CP itself had the machine."""

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
        lambda trap: trap.is_io or trap.mnemonic == "DIAG" or trap.simulated,
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

PAGING: tuple[Rule[Trap], ...] = (
    Rule(
        "PRG-1",
        "is the address past the guest's storage, its own DAT being off?",
        "reflect code 0005, addressing",
        "the address is past the guest's storage; the guest knows of no tables, so for it that is an addressing "
        "exception",
        'SY20-0886 "Segment Exception"',
        lambda trap: trap.beyond_storage,
        ReflectAs(PIC.ADDRESSING, Ending.TERMINATION),
    ),
    Rule(
        "PTR-1",
        "is the page out, and does the guest want to hear of it (SET PAGEX ON, EC mode, I/O enabled)?",
        "bring the page in and give the guest a pseudo page fault",
        "the guest is one that does something else meanwhile: it gets code 0014 now, and again when the page is in",
        'SY20-0886 "Pseudo Page Faults"',
        lambda trap: trap.wants_pseudo_page_fault,
        lambda trap: PseudoPageFault((trap.interruption.translation_address or 0) & MASK_24),
    ),
    Rule(
        "PTR-2",
        "is the page out, though the guest owns it?",
        "bring the page in; the guest waits and does not know",
        "the guest owns the page, but it is not in real storage now: paging is CP's business, not the guest's",
        'SY20-0886 "Page Translation Exception"',
        lambda trap: True,
        lambda trap: PageIn(trap.page),
    ),
)
"""A translation exception while the guest's own DAT is off: CP's tables, from guest-real to real, had no entry."""

GUESTS_OWN: tuple[Rule[Trap], ...] = (
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


def _means(*meanings: Meaning) -> Callable[[Trap], bool]:
    """A question about what the guest's own tables say."""
    return lambda trap: trap.fault is not None and trap.fault.meaning in meanings


def _fill(trap: Trap) -> Decision:
    fault = _fault_of(trap)
    return FillShadow(fault.address & MASK_24, fault.meaning is Meaning.FILL_SEGMENT)


def _fault_of(trap: Trap) -> ShadowFault:
    assert trap.fault is not None, "the rules of this table are asked with the guest's DAT on only"
    return trap.fault


def _why_out(trap: Trap) -> str:
    what = "its own tables are" if _fault_of(trap).table else "the data are"
    return f"the guest's tables are right, but the page where {what} is not in real storage: that is CP's business"


@dataclass(frozen=True)
class ReflectTranslation:
    """Reflect a translation exception that the guest's own tables give, with the address and its ending."""

    code: PIC

    def __call__(self, trap: Trap) -> Decision:
        """The decision for this trap."""
        real, address = trap.interruption, _fault_of(trap).address
        ending = Ending.NULLIFICATION
        at = real.instruction_address
        return Reflect(
            Interruption(
                Class.PROGRAM, self.code, real.ilc, at, real.text, ending, translation_address=address, per=real.per
            )
        )


_VAT = 'SY20-0886 "Shadow Table Management"'

SHADOW: tuple[Rule[Trap], ...] = (
    Rule(
        "VAT-1",
        "is a page that is needed, of the guest's tables or its data, not in real storage?",
        "bring the page in; the guest waits and does not know",
        _why_out,
        _VAT,
        _means(Meaning.PAGE_OUT),
        lambda trap: PageIn(_fault_of(trap).page),
    ),
    Rule(
        "VAT-2",
        "is the guest's own segment-table entry invalid, or its table too short?",
        "reflect code 0010, segment translation",
        "the guest's own tables say so: on a real machine it would get this exception too",
        _VAT,
        _means(Meaning.GUEST_SEGMENT),
        ReflectTranslation(PIC.SEGMENT_TRANSLATION),
    ),
    Rule(
        "VAT-3",
        "is the guest's own page-table entry invalid, or its table too short?",
        "reflect code 0011, page translation",
        "the guest's own tables say so: it is a page fault of the guest, which pages by itself",
        _VAT,
        _means(Meaning.GUEST_PAGE),
        ReflectTranslation(PIC.PAGE_TRANSLATION),
    ),
    Rule(
        "VAT-4",
        "has the guest's control register 0 or one of its table entries bits that are not valid?",
        "reflect code 0012, translation specification",
        "the guest's own tables are not tables: on a real machine it would get this exception too",
        _VAT,
        _means(Meaning.SPECIFICATION),
        ReflectAs(PIC.TRANSLATION_SPECIFICATION),
    ),
    Rule(
        "VAT-5",
        "do the guest's tables lead outside its storage?",
        "reflect code 0005, addressing",
        "the guest's tables name storage that the guest has not: on a machine of that size it would be an addressing "
        "exception",
        _VAT,
        _means(Meaning.ADDRESSING),
        ReflectAs(PIC.ADDRESSING, Ending.TERMINATION),
    ),
    Rule(
        "VAT-6",
        "is the guest's segment valid, but the shadow segment-table entry missing?",
        "make a shadow page table with all entries invalid",
        "the guest's segment-table entry is valid; the machine had no shadow entry for it yet, and will ask again for "
        "the page",
        _VAT,
        _means(Meaning.FILL_SEGMENT),
        _fill,
    ),
    Rule(
        "VAT-7",
        "is the guest's page valid and in real storage, but the shadow entry missing?",
        "put the real frame into the shadow page-table entry",
        "the guest's page-table entry is valid and CP has the page: the shadow entry joins the two translations",
        _VAT,
        lambda trap: True,
        _fill,
    ),
)
"""A translation exception while the guest's own DAT is on: the guest's tables decide, the shadow tables follow."""

PROGRAM_EVENT: tuple[Rule[Trap], ...] = (
    Rule(
        "PER-1",
        "did CP itself ask for program events of this guest?",
        "tell the guest's operator",
        "TRACE or PER of the guest's operator set the real control registers 9 to 11; the guest hears nothing of it",
        'CP Command Reference "PER"',
        lambda trap: trap.vm.cp_per is not None,
        lambda trap: TraceStop("program event", trap.text),
    ),
    Rule(
        "PER-2",
        "did the guest ask for program events itself?",
        "reflect it unchanged",
        "the guest's own control registers 9 to 11 and its PSW asked for it; it runs with them in the real machine",
        'SY20-0886 "Program Interruption"',
        lambda trap: True,
        _reflect,
    ),
)
"""A program event alone."""


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

ADDRESS_STOP: tuple[Rule[Trap], ...] = (
    Rule(
        "SVC-0",
        "is it the SVC X'B3' that ADSTOP put in the place of an instruction?",
        "put the instruction back and stop the guest",
        "the guest's operator asked for a stop at this address; the guest has not executed anything there",
        'SY20-0886 "SVC Interruption"',
        lambda trap: trap.adstop,
        lambda trap: TraceStop("ADSTOP"),
    ),
    *SUPERVISOR_CALL,
)
"""A supervisor call of a guest that has an ADSTOP set."""

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
        "EXT-4",
        "is it the real clock comparator, set for the first of CP's timer requests?",
        "do what is due",
        "the real clock comparator belongs to CP; guests' comparators and waits are requests in its queue",
        'SY20-0886 "Timer Request Queue"',
        lambda trap: trap.external(External.CLOCK_COMPARATOR),
        lambda trap: TimerRequestsDue(),
    ),
    Rule(
        "EXT-5",
        "is it the real CPU timer, set to what is left of the guest's own?",
        "make the interruption pending for the guest",
        "the guest's CPU timer counts in the real one while the guest runs, and it has gone below zero",
        'SY20-0886 "Timer Management"',
        lambda trap: trap.external(External.CPU_TIMER) and not trap.waiting,
        lambda trap: QueueExternal(External.CPU_TIMER, CR0.CPU_TIMER_MASK),
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
        "does it end a guest's operation, or come from a guest's device?",
        "keep the interruption for that guest, with the CSW in its addresses",
        "the operation was a guest's; it hears of it when its own PSW allows that channel",
        'SY20-0886 "I/O Interruption"',
        lambda trap: trap.owner is not None,
        lambda trap: KeepInterruption(trap.owner.vmuser if trap.owner else "", trap.owner_device),
    ),
    Rule(
        "IO-3",
        "has CP's own paging operation ended?",
        "let whoever waits for the page go on",
        "CP started this operation to bring a page in or out; no guest hears of it",
        'SY20-0886 "Paging I/O"',
        lambda trap: trap.purpose == "paging",
        lambda trap: PagingDone(),
    ),
    Rule(
        "IO-4",
        "is it an operation that CP started for itself?",
        "go on with what CP started it for",
        "the operation is CP's: SENSE after a unit check, or the I/O of a DIAGNOSE",
        'SY20-0886 "I/O Interruption"',
        lambda trap: bool(trap.purpose),
        lambda trap: ServeDevice(trap.interruption.code),
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
    *CP_FAILURE,
    *PRIVILEGED_OPERATION,
    *PAGING,
    *SHADOW,
    *PROGRAM_EVENT,
    *GUESTS_OWN,
    *NOT_IN_A_VIRTUAL_MACHINE,
    *ADDRESS_STOP,
    *EXTERNAL,
    *INPUT_OUTPUT,
)


def on_interruption(trap: Trap) -> Verdict:
    """What CP does about an interruption of a running guest.  Decides; changes nothing."""
    match trap.interruption.kind:
        case Class.PROGRAM:
            return decide(_program_rules(trap), trap)
        case Class.SVC:
            return decide(ADDRESS_STOP if trap.vm.vmadstop else SUPERVISOR_CALL, trap)
        case Class.INPUT_OUTPUT:
            return decide(INPUT_OUTPUT, trap)
        case _:
            return decide(EXTERNAL, trap)  # The restart key too; a machine check cannot happen here.


def _program_rules(trap: Trap) -> tuple[Rule[Trap], ...]:
    """The table for a program interruption.  SY20-0886 "Program Interruption"."""
    code = trap.interruption.code
    if trap.supervisor:
        return CP_FAILURE
    if trap.facility_absent:
        return NOT_IN_A_VIRTUAL_MACHINE
    if code == PIC.PRIVILEGED_OPERATION:
        return PRIVILEGED_OPERATION
    if code == PIC.PER_EVENT:
        return PROGRAM_EVENT
    if code in (PIC.SEGMENT_TRANSLATION, PIC.PAGE_TRANSLATION, PIC.TRANSLATION_SPECIFICATION):
        return SHADOW if trap.vm.translating else PAGING
    return GUESTS_OWN
