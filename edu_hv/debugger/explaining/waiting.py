"""What could end a wait.  GA22-7000 "Wait State"."""

from typing import TYPE_CHECKING

from edu_hv.isa.codes import CR0

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession

_EXTERNALS = (
    (CR0.INTERVAL_TIMER_MASK, "interval timer"),
    (CR0.INTERRUPT_KEY_MASK, "interrupt key"),
    (CR0.CLOCK_COMPARATOR_MASK, "clock comparator"),
    (CR0.CPU_TIMER_MASK, "CPU timer"),
)


def waiting_words(session: "DebugSession") -> tuple[str, ...]:
    """What the selected guest waits for, and under CP what the real machine does meanwhile."""
    system = session.system
    psw, cr = session.guest_psw(), session.guest_control_registers()
    whose = "the program" if system.cp is None else session.selected
    sentences: list[str] = []
    if psw.wait:
        ends = enders(psw.io_enabled(), psw.external_mask, cr[0])
        sentences.append(f"{whose} waits: " + (f"what can end it is {ends}" if ends else "nothing can end it"))
    due = system.machine.channels.next_event
    if due is not None:
        sentences.append(
            f"a device will have something to say in {max(due - system.machine.clocks.now, 0):,} microseconds"
        )
    if system.cp is not None:
        sentences.append("CP has found nobody who can run, and waits in the real machine for any interruption")
    sentences.append("the next step moves machine time to the next event")
    return tuple(sentences)


def enders(io: bool, external: bool, cr0: int) -> str:
    """What the masks allow: "an I/O interruption; external: interval timer, interrupt key"; "" for nothing."""
    parts = ["an I/O interruption"] if io else []
    names = [name for mask, name in _EXTERNALS if cr0 & mask]
    if external and names:
        parts.append(f"an external interruption ({', '.join(names)})")
    return " or ".join(parts)
