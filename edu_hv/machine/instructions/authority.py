"""What the semiprivileged instructions are subject to.  GA22-7000 "Authorization Mechanisms".

They may be executed in the problem state too, if a control register gives the authority.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edu_hv.isa.codes import ASN_TRANSLATION_CONTROL, CR0, PIC
from edu_hv.machine.interruptions import Ending, ProgramInterruption

if TYPE_CHECKING:
    from edu_hv.machine.cpu import CPU


def require_controls(*controls: int) -> None:
    """Raise SPECIAL_OPERATION unless every one of the controls is one."""
    if not all(controls):
        raise ProgramInterruption(PIC.SPECIAL_OPERATION, Ending.SUPPRESSION)


def require_asn_translation(cpu: CPU) -> None:
    """Raise SPECIAL_OPERATION unless CR14 bit 12 permits ASN translation."""
    require_controls(cpu.cr[14] & ASN_TRANSLATION_CONTROL)


def require_authority(cpu: CPU, authority: int) -> None:
    """Raise PRIVILEGED_OPERATION in the problem state unless `authority` is not zero."""
    if cpu.psw.problem_state and not authority:
        raise ProgramInterruption(PIC.PRIVILEGED_OPERATION, Ending.SUPPRESSION)


def require_extraction_authority(cpu: CPU) -> None:
    """GA22-7000 "Extraction-Authority Control": CR0 bit 4."""
    require_authority(cpu, cpu.cr[0] & CR0.EXTRACTION_AUTHORITY)


def require_key(cpu: CPU, key: int) -> None:
    """GA22-7000 "PSW-Key Mask": CR3 bits 0-15 say which keys the problem state may use."""
    require_authority(cpu, cpu.cr[3] & 0x80000000 >> key)


@contextmanager
def accessing(cpu: CPU, key: int, secondary_space: bool) -> Iterator[None]:
    """Make storage accesses with another key or in the other address space, as the moves between spaces do."""
    psw = cpu.psw
    before = psw.key, psw.secondary_space
    psw.key, psw.secondary_space = key, secondary_space
    cpu.change_context()
    try:
        yield
    finally:
        psw.key, psw.secondary_space = before
        cpu.select_maps()
