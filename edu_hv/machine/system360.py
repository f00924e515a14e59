"""The CPU as a System/360: BC mode only, aligned operands, and none of the additions of System/370.

GA22-6821 *IBM System/360 Principles of Operation*.  What an instruction does is the same definition.
"""

from edu_hv.isa.codes import CR0, PIC
from edu_hv.isa.table import Level
from edu_hv.machine.cpu import CPU, find_entry
from edu_hv.machine.instructions.direct_control import DIRECT_CONTROL
from edu_hv.machine.interruptions import Ending, ProgramInterruption
from edu_hv.machine.psw import PSW

_LEVELS = (Level.S360, Level.S360_OPTION)
_MASKS = {0: CR0.INTERVAL_TIMER_MASK | CR0.INTERRUPT_KEY_MASK | CR0.EXTERNAL_SIGNAL_MASK, 2: 0x02000000}
"""What the masks of a System/370 would be: timer, key and signals by PSW bit 7 alone, channel 6 by bit 6."""
_IO_CODES = range(0x9C, 0xA0)

BOUNDARIES: dict[int, str] = {
    2: "LH STH AH SH CH MH",
    4: "L ST A S AL SL C CL N O X M D LM STM LE STE AE SE AU SU CE ME DE",
    8: "LD STD AD SD AW SW CD MD DD MXD CVB CVD LPSW",
}
"""Integral boundaries, in bytes, of storage operands that must be on one.  GA22-6821 "Information Positioning"."""

_BOUNDARY = {mnemonic: boundary for boundary, names in BOUNDARIES.items() for mnemonic in names.split()}


class System360CPU(CPU):
    """A System/360 CPU.  Its PSW has the ASCII bit where a System/370 has the EC-mode bit."""

    control_registers_at_reset = tuple(_MASKS.get(number, 0) for number in range(16))

    def decode_psw(self, text: bytes) -> PSW:
        """Take 8 bytes apart: the format is always that of BC mode."""
        psw = PSW.from_bytes(bytes([text[0], text[1] & ~0x08]) + text[2:])
        psw.ascii = bool(text[1] & 0x08)
        return psw

    @property
    def ascii(self) -> bool:
        """Whether decimal results get the signs and zones of the eight-bit ASCII that never was."""
        return self.psw.ascii

    def perform(self, text: bytes) -> None:
        """Execute the instruction `text`: one of the System/360, its storage operand on its integral boundary.

        Of the I/O instructions the second byte is ignored.
        """
        entry = find_entry(bytes([text[0], 0]) + text[2:] if text[0] in _IO_CODES else text)
        entry = entry or DIRECT_CONTROL.get(text[0])
        if entry is None or entry[0].level not in _LEVELS:
            raise ProgramInterruption(PIC.OPERATION, Ending.SUPPRESSION)
        row, operands, execute = entry
        if row.privileged and self.psw.problem_state:
            raise ProgramInterruption(PIC.PRIVILEGED_OPERATION, Ending.SUPPRESSION)
        values = operands(self, text)
        if values and values[-1] % _BOUNDARY.get(row.mnemonic, 1):
            raise ProgramInterruption(PIC.SPECIFICATION, Ending.SUPPRESSION)
        execute(self, *values)
