"""DIAGNOSE: codes, operands, condition codes, and what a guest does wrong."""

import pytest

from edu_hv.isa.codes import PIC
from tests.hypervisor.bench import CODE, SIZE, cp_lines, guest

AREA = 0x2000


def diagnose(code, rx=2, ry=4, storage=None, cc=3, **registers):
    """The guest after one DIAGNOSE, stopped; registers by name, "gr2"."""
    made, vm = guest(f"83{rx:X}{ry:X}0{code:03X}", cc=cc)
    for name, value in registers.items():
        vm.vmgprs[int(name[2:])] = value
    for address, text in (storage or {}).items():
        vm.cpu.store_real(address, text if isinstance(text, bytes) else text.encode("cp037"))
    made.steps()
    made.stop()
    return vm


def exception(vm):
    """The program-interruption code in the guest's old PSW, None if it had none; the guest stands behind DIAGNOSE."""
    old = vm.cpu.load_real(0x28, 8)
    return PIC(old[3]) if old != bytes(8) and old[5:] == (CODE + 4).to_bytes(3, "big") else None


@pytest.mark.parametrize(
    ("code", "registers", "expected"),
    [
        pytest.param(0x02, {}, PIC.SPECIFICATION, id="not a multiple of 4"),
        pytest.param(0x78, {}, PIC.SPECIFICATION, id="not built"),
        pytest.param(0x100, {}, PIC.SPECIFICATION, id="an installation's own"),
        pytest.param(0x04, {}, PIC.PRIVILEGED_OPERATION, id="of class C and E"),
        pytest.param(0x00, {"gr2": AREA + 4, "gr4": 32}, PIC.SPECIFICATION, id="00 not on a doubleword"),
        pytest.param(0x00, {"gr2": AREA, "gr4": 0}, PIC.SPECIFICATION, id="00 length 0"),
        pytest.param(0x00, {"gr2": AREA, "gr4": 0x80000000}, PIC.SPECIFICATION, id="00 negative length"),
        pytest.param(0x00, {"gr2": SIZE, "gr4": 32}, PIC.ADDRESSING, id="00 beyond storage"),
        pytest.param(0x00, {"gr2": SIZE - 8, "gr4": 32}, PIC.ADDRESSING, id="00 across the end of storage"),
        pytest.param(0x0C, {"gr2": AREA + 4}, PIC.SPECIFICATION, id="0C not on a doubleword"),
        pytest.param(0x0C, {"gr2": SIZE - 24}, PIC.ADDRESSING, id="0C across the end of storage"),
        pytest.param(0x10, {"gr2": AREA + 8, "gr4": AREA}, PIC.SPECIFICATION, id="10 first not on a page"),
        pytest.param(0x10, {"gr2": AREA, "gr4": AREA + 0x1001}, PIC.SPECIFICATION, id="10 last not on a page"),
        pytest.param(0x10, {"gr2": AREA + 0x1000, "gr4": AREA}, PIC.SPECIFICATION, id="10 backward"),
        pytest.param(0x10, {"gr2": AREA, "gr4": SIZE}, PIC.ADDRESSING, id="10 beyond storage"),
        pytest.param(0x08, {"gr2": AREA, "gr4": 133}, PIC.SPECIFICATION, id="08 too long"),
        pytest.param(0x08, {"gr2": SIZE, "gr4": 10}, PIC.ADDRESSING, id="08 command beyond storage"),
        pytest.param(
            0x08, {"gr2": AREA, "gr4": 0x40000005, "gr3": SIZE - 4, "gr5": 8}, PIC.ADDRESSING, id="08 buffer too far"
        ),
        pytest.param(
            0x08, {"gr2": AREA, "gr4": 0x40000005, "gr3": AREA, "gr5": 8193}, PIC.SPECIFICATION, id="08 buffer too long"
        ),
        pytest.param(
            0x08, {"gr2": AREA, "gr4": 0x40000005, "gr3": AREA, "gr5": 0}, PIC.SPECIFICATION, id="08 no buffer"
        ),
    ],
)
def test_bad_operand_is_a_program_interruption_and_nothing_is_done(code, registers, expected):
    """[3 X'00'; 3 X'08'; 3 X'0C'; 3 X'10'; 1.4 DIAG] Specification, addressing, or privileged operation."""
    vm = diagnose(code, **registers)
    assert exception(vm) is expected
    assert cp_lines(vm) == []
    assert {f"gr{n}": value for n, value in enumerate(vm.vmgprs) if value} == {k: v for k, v in registers.items() if v}


@pytest.mark.parametrize(("rx", "ry"), [(2, 2), (2, 3), (3, 2), (15, 4), (4, 15)])
def test_register_pairs_of_code_08_with_a_buffer_must_exist_and_not_overlap(rx, ry):
    vm = diagnose(0x08, rx, ry, **{f"gr{rx}": AREA, f"gr{ry}": 0x40000005})
    assert exception(vm) is PIC.SPECIFICATION


@pytest.mark.parametrize(
    ("length", "stored", "left"),
    [
        pytest.param(32, 32, 0, id="one level"),
        pytest.param(40, 32, 8, id="room for more"),
        pytest.param(16, 16, 0, id="less"),
        pytest.param(1, 1, 0, id="a byte"),
    ],
)
def test_code_00_stores_the_identification_and_leaves_cc(length, stored, left):
    """[3 X'00'] Name, version, STIDP version, userid."""
    vm = diagnose(0x00, gr2=AREA, gr4=length)
    whole = "VM/370  ".encode("cp037") + bytes.fromhex("060000 FF 0000 0000") + b"\xc1" + b"\x40" * 7 + bytes(8)
    assert vm.cpu.load_real(AREA, 40) == whole[:stored].ljust(40, b"\0")
    assert (vm.vmgprs[4], vm.vmpsw.cc, exception(vm)) == (left, 3, None)


def test_code_60_gives_the_storage_size():
    """[3 X'60'] In bytes; CC is not changed."""
    vm = diagnose(0x60)
    assert (vm.vmgprs[2], vm.vmpsw.cc) == (SIZE, 3)


def test_code_comes_from_base_and_displacement():
    assert diagnose(0x10, 2, 4).vmgprs[2] == 0
    made, vm = guest("83246060")
    vm.vmgprs[6] = 0x10000  # 010060: the low halfword counts
    made.steps()
    made.stop()
    assert vm.vmgprs[2] == SIZE


@pytest.mark.parametrize(
    ("device", "cc", "ry", "ry1", "rx"),
    [
        pytest.param(0x181, 0, 0x08100300, 0x08100000, 0x181, id="tape, dedicated"),
        pytest.param(0x009, 0, 0x80000000, 0x80000050, 0x009, id="console"),
        pytest.param(0xFFFFFFFF, 0, 0x80000000, 0x80000050, 0x009, id="console by -1"),
        pytest.param(0x00C, 2, 0x20820000, 0x77, 0x00C, id="reader, no real one"),
        pytest.param(0x00E, 2, 0x10410000, 0x77, 0x00E, id="printer, no real one"),
        pytest.param(0x190, 3, 0x66, 0x77, 0x190, id="no such device"),
    ],
)
def test_code_24_tells_what_a_device_is(device, cc, ry, ry1, rx):
    """[3 X'24'] Class, type, status and flags; condition codes 0, 2 and 3."""
    vm = diagnose(0x24, gr2=device, gr4=0x66, gr5=0x77, cc=1)
    assert (vm.vmpsw.cc, vm.vmgprs[4], vm.vmgprs[5], vm.vmgprs[2]) == (cc, ry, ry1, rx)


def test_code_24_with_ry_15_has_no_second_register():
    vm = diagnose(0x24, 2, 15, gr2=0x181, gr0=0x77)
    assert (vm.vmgprs[15], vm.vmgprs[0], vm.vmpsw.cc) == (0x08100300, 0x77, 0)


# ---- X'04', X'0C', X'10' -------------------------------------------------------------------------------------------


def privileged(code, classes="CG", **registers):
    """A user of class C, with a list of three real addresses at AREA."""
    made, vm = guest(f"83240{code:03X}", cc=3)
    vm.vmcls = classes
    words = (0x330, 0x68, 0x10000)
    vm.cpu.store_real(AREA, b"".join(word.to_bytes(4, "big") for word in words))
    for name, value in ({"gr2": AREA, "gr4": 3, "gr5": AREA + 0x100} | registers).items():
        vm.vmgprs[int(name[2:])] = value
    made.steps()
    made.stop()
    return made, vm, words


def test_code_04_fetches_words_of_real_storage():
    """[3 X'04'] For class C or E; CC is not changed."""
    made, vm, words = privileged(0x04)
    found = vm.cpu.load_real(AREA + 0x100, 16)
    assert found[4:8] == made.cp.real.load_real(words[1], 4)
    assert found[8:16] == made.cp.real.load_real(words[2], 4) + bytes(4)
    assert (vm.vmpsw.cc, exception(vm)) == (3, None)


@pytest.mark.parametrize(
    ("registers", "expected"),
    [
        pytest.param({"gr4": 0}, PIC.SPECIFICATION, id="no words"),
        pytest.param({"gr4": 1025}, PIC.SPECIFICATION, id="more than a page"),
        pytest.param({"gr2": AREA + 2}, PIC.SPECIFICATION, id="not on a word"),
        pytest.param({"gr2": AREA + 0xFF8}, PIC.SPECIFICATION, id="across a page"),
        pytest.param({"gr5": SIZE}, PIC.ADDRESSING, id="results beyond storage"),
        pytest.param({"gr2": AREA - 0x100, "gr4": 64}, None, id="zeros are an address"),
    ],
)
def test_code_04_bad_operands(registers, expected):
    """[3 X'04'] Lists within a page, and within storage."""
    assert exception(privileged(0x04, **registers)[1]) is expected


def test_code_04_beyond_real_storage_is_an_addressing_exception():
    made, vm, _ = privileged(0x04, classes="G")
    assert exception(vm) is PIC.PRIVILEGED_OPERATION
    made, vm = guest("83240004")
    vm.vmcls = "E"
    vm.cpu.store_real(AREA, made.machine.storage.size.to_bytes(4, "big"))
    vm.vmgprs[2], vm.vmgprs[4], vm.vmgprs[5] = AREA, 1, AREA + 8
    made.steps()
    made.stop()
    assert exception(vm) is PIC.ADDRESSING


def test_code_0c_gives_date_time_and_processor_times():
    """[3 X'0C'] 32 bytes; the machine's clock starts on 1 January 1972 or where it was set."""
    vm = diagnose(0x0C, gr2=AREA)
    text = vm.cpu.load_real(AREA, 40)
    assert text[:16].decode("cp037") == "01/01/7200:00:00"
    virtual, total = int.from_bytes(text[16:24], "big"), int.from_bytes(text[24:32], "big")
    assert 0 <= virtual <= total <= vm.vmttime
    assert (text[32:], vm.vmpsw.cc) == (bytes(8), 3)


def test_code_10_gives_pages_back_and_no_others():
    """[3 X'10'] Zeros from the first page to the last."""
    storage = dict.fromkeys((16384, 20480, 28671, 28672), b"X")
    vm = diagnose(0x10, storage=storage, gr2=0x5000, gr4=0x6000)
    assert [vm.peek(address, 1) for address in storage] == [b"X", b"\0", b"\0", b"X"]
    assert [vm.storage.frame_of(page) for page in (5, 6)] == [None, None]


# ---- X'08' ---------------------------------------------------------------------------------------------------------


def test_code_08_without_a_buffer_answers_on_the_terminal():
    """[3 X'08'] Ry has the return code."""
    vm = diagnose(0x08, storage={AREA: "QUERY NAMES"}, gr2=AREA, gr4=11)
    assert cp_lines(vm) == ["A"]
    assert (vm.vmgprs[4], vm.vmpsw.cc) == (0, 0)


def test_code_08_answers_into_the_buffer_with_x15_after_each_line():
    vm = diagnose(0x08, storage={AREA: "QUERY VIRTUAL"}, gr2=AREA, gr4=0x4000000D, gr3=0x3000, gr5=500)
    answer = vm.cpu.load_real(0x3000, vm.vmgprs[5])
    assert answer.split(b"\x15")[0].decode("cp037") == "STORAGE = 00064K"
    lines = answer.decode("cp037").split(b"\x15".decode("cp037"))
    assert (lines[-2], lines[-1]) == ("TAPE 181 ON DEV 281", "")
    assert vm.cpu.load_real(0x3000 + len(answer), 8) == bytes(8)
    assert (vm.vmgprs[4], vm.vmpsw.cc, cp_lines(vm)) == (0, 0, [])


def test_code_08_answer_that_does_not_fit_is_cut_with_cc_1_and_the_bytes_lost():
    vm = diagnose(0x08, storage={AREA: "QUERY NAMES"}, gr2=AREA, gr4=0x4000000B, gr3=0x3000, gr5=1)
    assert vm.cpu.load_real(0x3000, 2) == "A".encode("cp037") + b"\0"
    assert (vm.vmpsw.cc, vm.vmgprs[5]) == (1, 1), "the X'15'"


@pytest.mark.parametrize(
    ("command", "code", "line"),
    [
        pytest.param("FROBNICATE", 1, "DMKCFM001E ?CP: FROBNICATE", id="unknown"),
        pytest.param("STORE S0 XYZ", 5, "DMKCDS005E INVALID HEXDATA - XYZ", id="bad operand"),
        pytest.param("DISPLAY FFFFF", 160, "DMKCDB160E HEXLOC FFFFF EXCEEDS STORAGE", id="beyond storage"),
    ],
)
def test_code_08_returns_the_number_of_the_error_message(command, code, line):
    vm = diagnose(0x08, storage={AREA: command}, gr2=AREA, gr4=len(command))
    assert (vm.vmgprs[4], cp_lines(vm), vm.vmpsw.cc) == (code, [line], 0)


def test_code_08_of_length_0_does_nothing():
    vm = diagnose(0x08, gr2=AREA, gr4=0)
    assert (vm.cf, vm.vmpsw.cc, cp_lines(vm), exception(vm)) == (False, 3, [], None)


def test_code_08_takes_several_commands():
    """X'15' stands between them; the return code is the last one's."""
    text = "QUERY NAMES".encode("cp037") + b"\x15" + "NONSENSE".encode("cp037")
    vm = diagnose(0x08, storage={AREA: text}, gr2=AREA, gr4=len(text))
    assert cp_lines(vm) == ["A", "DMKCFM001E ?CP: NONSENSE"]
    assert vm.vmgprs[4] == 1


@pytest.mark.parametrize("character", ["ß", "µ", "ÿ"])
def test_code_08_survives_characters_without_a_capital(character):
    """Their capitals are no EBCDIC characters: the answer has a substitute."""
    vm = diagnose(0x08, storage={AREA: character}, gr2=AREA, gr4=0x40000001, gr3=0x3000, gr5=100)
    assert vm.vmgprs[4] == 1


def test_guest_can_stop_itself_and_goes_on_behind_the_diagnose():
    vm = diagnose(0x08, storage={AREA: "STOP"}, gr2=AREA, gr4=4)
    assert vm.cf
    assert vm.vmpsw.instruction_address == CODE + 4


def test_guest_can_begin_itself_elsewhere():
    vm = diagnose(0x08, storage={AREA: "BEGIN 4000"}, gr2=AREA, gr4=10)
    assert vm.vmpsw.instruction_address == 0x4000
