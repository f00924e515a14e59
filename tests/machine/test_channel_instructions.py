"""The I/O instructions as the CPU executes them: operand address, CR0 bit 0, condition code."""

import pytest

from edu_hv.isa.codes import PSA
from edu_hv.machine.ccw import CCW
from edu_hv.machine.machine import Architecture, Machine
from edu_hv.machine.psw import PSW
from tests.machine.channel_bench import CC, NOP, PROGRAM, READ, REWIND, SLI, TAPE, ScriptedDevice

OTHER = 0x182
MULTIPLEXING = 0x80000000


def machine_with_tapes(architecture=Architecture.S370, cr0=0):
    """Two tapes on channel 1; PROGRAM rewinds and goes on at device end."""
    machine = Machine(0x10000, architecture)
    machine.cpu.cr[0] = cr0
    for address in (TAPE, OTHER):
        machine.channels.attach(address, ScriptedDevice())
    for number, ccw in enumerate((CCW(REWIND, 0, CC, 1), CCW(READ, 0x2000, SLI, 4))):
        machine.storage.write(PROGRAM + 8 * number, ccw.to_bytes())
    machine.storage.write(PSA.CAW, PROGRAM.to_bytes(4, "big"))
    return machine


def execute(machine, text):
    """The condition code of one instruction."""
    machine.storage.write(0x800, bytes.fromhex(text))
    machine.cpu.load_psw(PSW(instruction_address=0x800))
    machine.advance()
    return machine.cpu.psw.cc


@pytest.mark.parametrize(
    ("text", "cr0", "cc"),
    [
        pytest.param("9C000182", 0, 2, id="SIO-the-channel-works-as-selector"),
        pytest.param("9C000182", MULTIPLEXING, 0, id="SIO-multiplexing"),
        pytest.param("9D000181", 0, 2, id="TIO"),
        pytest.param("9D010181", 0, 2, id="CLRIO-as-TIO"),
        pytest.param("9D010181", MULTIPLEXING, 1, id="CLRIO-multiplexing"),
        pytest.param("9E000182", 0, 2, id="HIO-ends-what-holds-the-channel"),
        pytest.param("9E000182", MULTIPLEXING, 1, id="HIO-multiplexing"),
        pytest.param("9E010181", MULTIPLEXING, 1, id="HDV"),
        pytest.param("9F000100", 0, 2, id="TCH-working"),
        pytest.param("9F000100", MULTIPLEXING, 0, id="TCH-multiplexing"),
        pytest.param("9F010100", 0, 0, id="CLRCH"),
        pytest.param("9F010200", 0, 3, id="CLRCH-no-channel"),
        pytest.param("9C020181", 0, 0, id="RIO"),
        pytest.param("9C020281", 0, 3, id="RIO-no-channel"),
        pytest.param("B2030100", 0, 0, id="STIDC"),
        pytest.param("9C000981", 0, 3, id="SIO-channel-9"),
    ],
)
def test_condition_code_while_a_tape_rewinds_in_a_chain(text, cr0, cc):
    machine = machine_with_tapes(cr0=cr0)
    assert execute(machine, "9C000181") == 0
    assert execute(machine, text) == cc


@pytest.mark.parametrize(("cr0", "cc", "csw"), [(0, 1, "00000000 0C000000"), (MULTIPLEXING, 0, "01001008 0C000001")])
def test_fast_release_defers_its_condition_code_when_multiplexing(cr0, cc, csw):
    machine = machine_with_tapes(cr0=cr0)
    machine.storage.write(PROGRAM, CCW(NOP, 0, 0, 1).to_bytes())
    assert execute(machine, "9C010181") == cc
    if cc == 0:
        machine.channels.accept(machine.cpu, TAPE)
    assert machine.storage.read(PSA.CSW, 8).hex(" ", 4).upper() == csw


def test_a_system_360_has_eleven_address_bits_and_selector_channels():
    machine = machine_with_tapes(Architecture.S360)
    assert execute(machine, "9C00F981") == 0
    assert [execute(machine, f"9D000{address}") for address in ("181", "182")] == [2, 2]
