"""The kernel on the bare machine: what it prints, that no timing changes it, and the states it puts its tasks in."""

import pytest

import edu_hv.machine.machine as machine_module
from edu_hv.guests import catalog
from edu_hv.isa.table import operation

KERNEL = catalog.GUESTS["kernel"]
LINES = """\
KERNEL: TASK A WITH STORAGE KEY 1, TASK B WITH KEY 2
A: 1 + 2 + ... + 100 =  5,050
A: VOLUME WELCOM, THREE BLOCKS OF TEXT
A: THIS BLOCK CAME FROM TAPE INTO THE STORAGE OF TASK A, UNDER KEY 1
A: EACH READ IS CHAINED TO A COMMAND BEFORE IT: A REWIND ONCE, THEN NO-OPS
A: NO TWO BLOCKS HAVE THE SAME LENGTH: THE RESIDUAL COUNT IN THE CSW TELLS IT
A: END OF THE TAPE, BLOCKS:   4
B: PRIMES BELOW 50:   2   3   5   7  11  13  17  19  23  29  31  37  41  43  47
A: BACK, BECAUSE THE TIMER INTERRUPTED TASK B
B: I STORED INTO TASK A, PROGRAM INTERRUPTION 0004
A: MY STORAGE IS AS IT WAS. NOW I SET THE SYSTEM MASK
KERNEL: TASK A ENDED, PROGRAM INTERRUPTION 0002 AT 0010AA
KERNEL: BOTH TASKS HAVE ENDED
""".splitlines()
END_OF_THE_DAY = "00020000 0000E0D0"


def address(label: str) -> int:
    return KERNEL.assembly().address_of(label)


def at(label: str):
    return lambda machine: machine.cpu.psw.instruction_address == address(label)


@pytest.fixture
def kernel(ipl):
    """The kernel loaded, at its first instruction."""
    return ipl(KERNEL.deck(), KERNEL.tape()).run(at("START"))


def test_console_and_last_psw(kernel):
    kernel.run()
    assert kernel.lines == LINES
    assert kernel.psw == END_OF_THE_DAY


def test_run_is_short(kernel):
    kernel.run()
    assert 3_000 < kernel.machine.instructions < 15_000


@pytest.mark.parametrize("microseconds", [2, 3, 7, 20], ids="{}us".format)
def test_output_does_not_depend_on_the_speed_of_the_processor(kernel, monkeypatch, microseconds):
    monkeypatch.setattr(machine_module, "INSTRUCTION_MICROSECONDS", microseconds)
    assert kernel.run().lines == LINES


@pytest.mark.parametrize("units", [*range(1, 12), 100, 2_000])
def test_output_does_not_depend_on_the_time_slice(kernel, units):
    kernel.machine.storage.write(address("SLICE"), units.to_bytes(4, "big"))
    assert kernel.run().lines == LINES


def test_without_time_slices_task_b_keeps_the_processor(kernel):
    """Task A gets it back only by the timer: with an endless slice the kernel hangs where task B waits for it."""
    kernel.machine.storage.write(address("SLICE"), bytes.fromhex("7FFFFFFF"))
    spinning = 0

    def spins(machine) -> bool:
        nonlocal spinning
        spinning += at("BWAIT2")(machine)
        return spinning > 10_000

    assert kernel.run(spins).lines == LINES[: LINES.index("A: BACK, BECAUSE THE TIMER INTERRUPTED TASK B")]


@pytest.mark.parametrize("size", [0x10000, 0x20000, 0x100000], ids="X'{:X}'".format)
def test_output_does_not_depend_on_the_size_of_storage(ipl, size):
    assert ipl(KERNEL.deck(), KERNEL.tape(), size).run().lines == LINES


@pytest.mark.parametrize("drive", [True, False], ids=["no-tape-on-the-drive", "no-drive"])
def test_no_tape(ipl, drive):
    run = ipl(KERNEL.deck(), drive=drive).run()
    assert run.lines == [*LINES[:2], "A: THERE IS NO TAPE TO READ", *LINES[7:]]
    assert run.psw == END_OF_THE_DAY


def test_second_tape(ipl):
    second = catalog.GUESTS["second"]
    assert second.deck() == KERNEL.deck()
    assert ipl(second.deck(), second.tape()).run().lines == [
        *LINES[:2],
        "A: VOLUME SECOND, TWO BLOCKS OF TEXT",
        "A: ANOTHER TAPE, ON A DRIVE THAT IS ALSO CALLED 181",
        "A: EACH VIRTUAL MACHINE HAS ITS OWN 181 AND CANNOT NAME ANY OTHER",
        "A: END OF THE TAPE, BLOCKS:   3",
        *LINES[7:],
    ]


@pytest.mark.parametrize(("label", "key"), [("TASKA", 1), ("TASKB", 2)])
def test_tasks_run_in_problem_state_with_a_key_of_their_own(kernel, label, key):
    kernel.run(lambda machine: machine.cpu.psw.problem_state and at(label)(machine))
    psw = kernel.machine.cpu.psw
    assert (psw.problem_state, psw.key, psw.system_mask, psw.ec_mode) == (True, key, 0xFF, False)


def test_kernel_is_disabled_but_while_it_waits(kernel):
    """An I/O interruption between SIO and the wait would be lost, and the wait would never end."""
    kernel.run(at("KEYSSET"))
    enabled = set()

    def observe(machine) -> bool:
        psw = machine.cpu.psw
        if psw.system_mask and not psw.problem_state and not psw.wait:
            enabled.add(KERNEL.assembly().nearest_label(psw.instruction_address))
        return False

    kernel.run(observe)
    assert enabled == set()


def test_storage_keys(kernel):
    kernel.run(at("KEYSSET"))
    keys = [kernel.machine.storage.keys[block] >> 4 for block in range(7)]
    assert keys == [0, 0, 1, 1, 2, 2, 0]


def test_first_privileged_instructions(kernel):
    """What traps first under CP: lessons step over these."""
    found, seen = [], kernel.machine.instructions

    def problem_state(machine) -> bool:
        nonlocal seen
        row = operation(machine.cpu.instruction_text)
        if machine.instructions > seen and row.privileged:
            found.append(row.mnemonic)
        seen = machine.instructions
        return machine.cpu.psw.problem_state

    kernel.run(problem_state)
    assert found == ["SSM", "LCTL", "STOSM", "LPSW", "STNSM", *["SSK"] * 6, "SIO", "LPSW", "LPSW", "LPSW"]


def test_io_into_storage_of_another_key_is_refused(kernel):
    """The channel program has the task's key: SVC 2 with an area in the kernel returns 8 and does no harm."""
    kernel.run(at("SVCTAPE"))
    kernel.machine.cpu.gr[1] = address("HELLO")
    kernel.run(at("IOENDED"))
    kernel.run(lambda machine: machine.cpu.psw.problem_state)
    assert kernel.machine.cpu.gr[15] == 8
    assert kernel.machine.storage.read(address("HELLO"), 7).decode("cp037") == "KERNEL:"


def test_unknown_service_returns_8(kernel):
    kernel.run(at("SVCINT"))
    kernel.machine.storage.write(0x23, bytes([5]))
    kernel.run(at("RESUME"))
    assert kernel.machine.storage.read(address("TCBA") + 20 + 60, 4) == bytes([0, 0, 0, 8])


def test_program_interruption_in_the_kernel_stops_it(kernel):
    kernel.run(at("SWITCH"))
    kernel.machine.storage.write(address("SWITCH"), bytes(2))
    assert kernel.run().psw == "00020000 0000DEA0"


def test_source_is_short_and_fits_its_storage():
    text = KERNEL.source.read_text(encoding="ascii")
    assert len(text.splitlines()) < 480
    assert all(part.end <= 0x3000 for part in KERNEL.assembly().image)
    assert not any(part.address < 0x1000 < part.end for part in KERNEL.assembly().image)
