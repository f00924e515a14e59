"""The VM assist: microcode that does for a guest what it would otherwise trap for.  GA22-7074, SY20-0886 "VM Assist".

The machine asks it when an instruction in the problem state has ended in a privileged-operation exception, is SVC, or
has met an invalid page-table entry, and bit 0 of control register 6 is one.  Either it does the instruction to the
virtual machine, and there is no interruption; or it *declines*, nothing has changed, and the interruption is the one
there would have been without it.  So it is invisible except for speed.  An instruction executed by EXECUTE is no
exception: the manual's condition is that a CPU attempts to execute it.  (The manual has an access exception of the
operand interrupt as such; here that too is declined, and a control program finds it again when it simulates.  But an
operand's shadow-table entry is validated first, as for any instruction.)

It knows no control program, only what one has put into real storage:

    CR6      bits 0-7 say what is assisted for this guest; LPSW and SVC set bit 1 to the new virtual bit 15.
    MICBLOK  read only (see `micblok`).
    VMPSW    the virtual PSW.  While the guest runs only its masks and modes are kept here: bits 0-7 and 12-15.  The
             address, condition code and program mask are in the real PSW, as is the key.  SSM, STNSM and STOSM replace
             byte 0, SPKA bits 8-11 (and the real key); LPSW and SVC store all 8 bytes and set the real PSW's parts.
             A control program that dispatches puts the same key into both, and when it gets control again takes masks
             and modes from here and the rest from its real old PSW.
    CRs      the virtual control registers, 16 words with ECMODE and otherwise one: read by STCTL, LRA and SSM, written
             by LCTL.
    tables   the real segment and page tables of MICRSEG are read; the word before a page table leads to its swap
             table, in which ISK, SSK and RRB find the guest's keys.  Shadow-table validation reads the guest's tables
             through these, and writes one entry of a page table that CR1 designates.
    page 0   of the guest, through MICRSEG: SVC reads the new PSW and stores the old one.  As in any interruption on
             this machine, no change is recorded: a control program that pages has to take page 0 for changed.

What the guest's operands are, is found as for any instruction of the running guest: by the real tables and the key.
`micblok` has the blocks, `assist_instructions` the instructions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edu_hv.isa.codes import PIC, Class
from edu_hv.machine.assist_guest import Declined, RunningGuest
from edu_hv.machine.assist_instructions import ASSISTED, SHADOW_TABLE_VALIDATION, Assisted
from edu_hv.machine.cpu import CPU, find_entry
from edu_hv.machine.events import AssistDeclined, AssistHandled
from edu_hv.machine.interruptions import Interruption, ProgramInterruption
from edu_hv.machine.micblok import CR6, MICBLOK

if TYPE_CHECKING:
    from edu_hv.machine.psw import PSW

__all__ = ["CR6", "MICBLOK", "VALIDATION", "Count", "VMAssist"]

VALIDATION = "shadow-table validation"
"""The name under which what is not an instruction is counted."""

AssistState = tuple[tuple[str, int, int], ...]


@dataclass
class Count:
    """How often the assist was asked for an instruction, and how often it did it."""

    calls: int = 0
    handled: int = 0


@dataclass(frozen=True, slots=True)
class _Task:
    name: str
    assisted: Assisted
    operands: tuple[int, ...]


class VMAssist:
    """The assist of one CPU."""

    def __init__(self, cpu: CPU) -> None:
        self.cpu = cpu
        self.counts: dict[str, Count] = {}
        """By mnemonic, or VALIDATION: only where control register 6 permits it."""

    def handles(self, found: Interruption) -> bool:
        """Do for the guest what led to `found`; False, with nothing changed, when that is the control program's."""
        cpu = self.cpu
        task = self._task(found) if cpu.cr[6] & CR6.VM_ASSIST and cpu.psw.problem_state else None
        if task is None or not task.assisted.permitted(cpu.cr[6]):
            return False
        count = self.counts.setdefault(task.name, Count())
        count.calls += 1
        reason = self._try(task, found)
        while reason is not None and self._validates(found, reason):
            reason = self._try(task, found)
        if reason is not None:
            self._tell_declined(task, found, reason)
            return False
        count.handled += 1
        return True

    def _try(self, task: _Task, found: Interruption) -> Declined | ProgramInterruption | None:
        """Do it, or say why not; then the TLB is as it was, too."""
        translations = self.cpu.tlb.entries
        known = len(translations)
        try:
            self._perform(task, found)
        except (Declined, ProgramInterruption) as reason:
            while len(translations) > known:
                translations.popitem()
            return reason
        return None

    def _validates(self, found: Interruption, reason: Declined | ProgramInterruption) -> bool:
        """An operand's page is not in a shadow table: whether it is now, so that the instruction can be tried again."""
        if not isinstance(reason, ProgramInterruption) or reason.code != PIC.PAGE_TRANSLATION:
            return False
        fault = replace(found, kind=Class.PROGRAM, code=PIC.PAGE_TRANSLATION, translation_address=reason.address)
        return self.handles(fault)

    def _task(self, found: Interruption) -> _Task | None:
        """What there would be to do, should control register 6 permit it."""
        if found.kind is Class.PROGRAM and found.code == PIC.PAGE_TRANSLATION:
            assert found.translation_address is not None
            return _Task(VALIDATION, SHADOW_TABLE_VALIDATION, (found.translation_address,))
        if found.kind is not Class.SVC and found.code != PIC.PRIVILEGED_OPERATION:
            return None
        entry = find_entry(found.text)
        if entry is None or entry[0].mnemonic not in ASSISTED:
            return None
        row, operands, _ = entry
        return _Task(row.mnemonic, ASSISTED[row.mnemonic], operands(self.cpu, found.text))

    def _perform(self, task: _Task, found: Interruption) -> None:
        guest = RunningGuest(self.cpu)
        observer = self.cpu.observer
        if observer is None:
            task.assisted.perform(guest, *task.operands)
            return
        before = _psw_at(guest, found.instruction_address)
        task.assisted.perform(guest, *task.operands)
        observer(
            AssistHandled(task.name, found.text, found.instruction_address, before.to_bytes(), guest.psw.to_bytes())
        )

    def _tell_declined(self, task: _Task, found: Interruption, reason: Declined | ProgramInterruption) -> None:
        if self.cpu.observer:
            why = str(reason)
            if isinstance(reason, ProgramInterruption):
                why = f"{reason.code.words} exception of an operand or a table"
            self.cpu.observer(AssistDeclined(task.name, found.text, found.instruction_address, why))

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> AssistState:
        """A checkpoint: the counts."""
        return tuple((name, count.calls, count.handled) for name, count in self.counts.items())

    def restore(self, state: AssistState) -> None:
        """Go back to a checkpoint."""
        self.counts = {name: Count(calls, handled) for name, calls, handled in state}


def _psw_at(guest: RunningGuest, address: int) -> PSW:
    psw = guest.psw
    psw.instruction_address = address
    return psw
