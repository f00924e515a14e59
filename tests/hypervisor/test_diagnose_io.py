"""DIAGNOSE X'18' and X'20': I/O for which the guest waits, without interruptions.  GC20-1807 gives the codes."""

from dataclasses import dataclass

import pytest

from edu_hv.devices.card import CARD
from edu_hv.devices.disk import drive_for
from edu_hv.devices.tape import aws_image
from edu_hv.hypervisor.commands.registry import run_command
from edu_hv.hypervisor.diagnose.disk_chain import CHAIN as CHAIN_RULES
from edu_hv.hypervisor.diagnose.io_answers import DISK, END, GENERAL
from edu_hv.hypervisor.virtual_devices import NO_FLAG, VDEVBLOK, VDEVFLAG, DeviceClass
from edu_hv.hypervisor.vmblok import VMBLOK, RunStatus
from edu_hv.isa.codes import PIC, PSA, CCWFlag, Class, UnitStatus
from edu_hv.machine.ccw import CCW
from tests.hypervisor.bench import CODE, CONSOLE, PRINTER, READER, SIZE, TAPE, Bench, bench, own_lines
from tests.hypervisor.ccw_rig import extent, minidisk_volume, outside
from tests.hypervisor.invariants import locks, problems
from tests.hypervisor.io_scene import BLOCKS, FailingDevice, ccw, tic
from tests.hypervisor.minidisk_rig import AREA, CHAIN, CYLINDERS, FOUND_R2, RELN, TO_TRACK, line, volume

DISK_ADDRESS, REAL_DISK = 0x191, 0x330
READ_TWO = f"{FOUND_R2} 06/6 31:0001000203 TIC:-1 06/5"
LOOP = "47F00" + f"{CODE + 4:03X}"
"""B to itself, behind the DIAGNOSE."""


@dataclass
class Scene(Bench):
    """A guest with a minidisk and a tape, besides the devices of the bench."""

    vm: VMBLOK

    def run_diagnose(self, code: int, device: int, chain: int = CHAIN, r15: int = 1, key: int = 0) -> "Scene":
        """One DIAGNOSE, R2 and R4, and then the guest loops; until it does."""
        self.begin(code, device, chain, r15, key)
        return self.until(lambda: self.vm.traps > self.before and self.over())

    def begin(self, code: int, device: int, chain: int = CHAIN, r15: int = 1, key: int = 0) -> None:
        self.vm.cpu.store_real(CODE, bytes.fromhex(f"83240{code:03X}{LOOP}"))
        self.vm.vmgprs[2], self.vm.vmgprs[4], self.vm.vmgprs[15] = device, key << 28 | chain, r15
        self.before = self.vm.traps
        self.vm.vmpsw.instruction_address = CODE
        self.vm.cf = False
        self.cp.wake(self.vm)

    def over(self) -> bool:
        """Whether CP has done with the DIAGNOSE, and the guest's registers are in its VMBLOK."""
        return not self.cp.busy and self.cp.running_vm is self.vm and not self.vm.vmrstat & RunStatus.EXWAIT

    def answer(self) -> tuple[int, int]:
        """Condition code and register 15."""
        self.stop()
        return self.vm.vmpsw.cc, self.vm.vmgprs[15]

    def put(self, *ccws: bytes, at: int = CHAIN) -> "Scene":
        self.vm.cpu.store_real(at, b"".join(ccws))
        return self

    def chain(self, text: str) -> "Scene":
        for address, data in line(text).storage.items():
            self.vm.cpu.store_real(address, data)
        return self

    def failed(self) -> PIC | None:
        """The program interruption that the DIAGNOSE ended with."""
        self.stop()
        old = self.vm.peek(Class.PROGRAM.old_psw, 8)
        return PIC(old[3]) if any(old) else None


def scene(flag: VDEVFLAG = NO_FLAG) -> Scene:
    plain = bench()
    vm = plain.log_on(tape=aws_image(BLOCKS))
    made = Scene(plain.machine, plain.cp, vm)
    made.drive = drive_for(minidisk_volume(volume(), RELN))
    made.machine.channels.attach(REAL_DISK, made.drive)
    vm.devices.add(disk(DISK_ADDRESS, flag))
    return made


def disk(address: int, flag: VDEVFLAG = NO_FLAG) -> VDEVBLOK:
    return VDEVBLOK(address, DeviceClass.DASD, model="3330", real=REAL_DISK, reln=RELN, bnd=CYLINDERS, vdevflag=flag)


# ---- X'18' ---------------------------------------------------------------------------------------------------------


def test_x18_reads_records_of_a_minidisk():
    """[3 X'18'] The data are in place when the guest goes on; no interruption, no lock is left."""
    made = scene().chain(READ_TWO)
    made.vm.cpu.store_real(CHAIN + 6 * 8, ccw(0x06, AREA + 0x100, 5, "L"))
    made.run_diagnose(0x18, DISK_ADDRESS, r15=2)
    assert made.answer() == (0, 2)
    assert made.vm.peek(AREA, 8) == b"SECOND\0\0"
    assert made.vm.peek(AREA + 0x100, 8) == b"THIRD\0\0\0"
    assert (made.vm.devices.vmioint, locks(made.cp), problems(made.cp)) == (0, [], [])


def test_x18_writes_a_record_and_nothing_else():
    made = scene()
    others = outside(made.drive.volume, RELN, CYLINDERS)
    made.chain(f"{FOUND_R2} 05/6").vm.cpu.store_real(AREA, b"UPDATE")
    assert made.run_diagnose(0x18, DISK_ADDRESS).answer() == (0, 1)
    found = extent(made.drive.volume, RELN, CYLINDERS)[19 + 2].records
    assert [record.data for record in found[1:]] == [b"FIRST", b"UPDATE", b"THIRD", b""]
    assert outside(made.drive.volume, RELN, CYLINDERS) == others


SEEK, SEARCH = f"{TO_TRACK} ", "31:0001000202 TIC:-1 "
ERRORS = {
    "no such device": (READ_TWO, {"device": 0x192}, (1, 1)),
    "no address of a device": (READ_TWO, {"device": 0x1191}, (1, 1)),
    "no disk": (READ_TWO, {"device": TAPE}, (1, 2)),
    "write on a read-only disk": (f"{FOUND_R2} 05/6", {"flag": VDEVFLAG.READ_ONLY}, (1, 3)),
    "cylinder past the end": ("07:000000030000 31:0003000001 TIC:-1 06/6", {}, (1, 4)),
    "chain not on a doubleword": (READ_TWO, {"chain": CHAIN + 4}, (2, 5)),
    "neither read nor write": (f"{FOUND_R2} 0E/6", {}, (2, 7)),
    "no seek first": (f"{SEARCH} 06/6", {}, (2, 7)),
    "no TIC": (f"{SEEK} 31:0001000202 06/6", {}, (2, 7)),
    "TIC elsewhere": (f"{SEEK} 31:0001000202 TIC:-2 06/6", {}, (2, 7)),
    "file mask": (f"{SEEK} 1F:00 {SEARCH} 06/6", {}, (2, 7)),
    "seek cylinder": (f"0B:000000010002 {SEARCH} 06/6", {}, (2, 7)),
    "seek alone": (TO_TRACK, {}, (2, 7)),
    "no bytes": (f"{FOUND_R2} 06/0", {}, (2, 8)),
    "2049 bytes": (f"{FOUND_R2} 06/2049", {}, (2, 9)),
    "no record": (READ_TWO, {"r15": 0}, (2, 11)),
    "16 records": (READ_TWO, {"r15": 16}, (2, 11)),
    "fewer announced": (READ_TWO, {"r15": 1}, (2, 11)),
    "negative number": (READ_TWO, {"r15": 0xFFFFFFFF}, (2, 11)),
    "seek head, other cylinder": (f"{FOUND_R2} 06/6 1B:000000020002 {SEARCH} 06/6", {"r15": 2}, (2, 12)),
    "seek, other cylinder": (f"{FOUND_R2} 06/6 07:000000020002 {SEARCH} 06/6", {"r15": 2}, (2, 12)),
}


@pytest.mark.parametrize(("text", "how", "answer"), ERRORS.values(), ids=ERRORS.keys())
def test_x18_says_what_is_wrong_and_does_nothing(text, how, answer):
    """[3 X'18'] Condition codes 1 and 2 with the return codes of the manual; the device is not touched."""
    how = dict(how)
    made = scene(how.pop("flag", NO_FLAG)).chain(text)
    before = made.vm.peek(AREA, 0x1000), made.drive.volume
    made.run_diagnose(0x18, how.pop("device", DISK_ADDRESS), **how)
    assert made.answer() == answer
    assert (made.vm.peek(AREA, 0x1000), made.drive.volume) == before
    assert (made.vm.sio_count, locks(made.cp)) == (0, [])


@pytest.mark.parametrize(
    ("number", "wrong", "answer"),
    [
        pytest.param(0, ccw(0x07, SIZE - 5, 6, "CL"), (2, 6), id="seek argument"),
        pytest.param(1, ccw(0x31, SIZE - 4, 5, "CL"), (2, 6), id="search argument"),
        pytest.param(3, ccw(0x06, SIZE - 5, 6, "L"), (2, 10), id="buffer"),
        pytest.param(3, ccw(0x06, SIZE - 6, 6, "L"), (0, 1), id="buffer up to the end"),
        pytest.param(3, ccw(0x06, AREA, 6, "DL"), (2, 7), id="data chaining"),
        pytest.param(1, ccw(0x31, AREA, 5, "L"), (2, 7), id="search not chained"),
    ],
)
def test_x18_looks_at_the_areas_of_the_chain(number, wrong, answer):
    made = scene().chain(f"{FOUND_R2} 06/6").put(wrong, at=CHAIN + 8 * number)
    assert made.run_diagnose(0x18, DISK_ADDRESS).answer() == answer


def test_x18_chain_beyond_storage_is_an_addressing_exception():
    made = scene().put(ccw(0x07, AREA, 6, "CL"), at=SIZE - 8)
    made.vm.cpu.store_real(AREA, bytes.fromhex("000000010002"))
    made.begin(0x18, DISK_ADDRESS, SIZE - 8)
    made.until(lambda: any(made.vm.peek(Class.PROGRAM.old_psw, 8)))
    assert made.failed() is PIC.ADDRESSING


@pytest.mark.parametrize("code", [0x18, 0x20])
def test_a_device_with_an_interruption_pending_is_busy(code):
    made = scene().chain(READ_TWO)
    made.cp.vio.present(made.vm, DISK_ADDRESS, UnitStatus.DEVICE_END)
    assert made.run_diagnose(code, DISK_ADDRESS).answer() == (1, 5)
    assert made.vm.devices[DISK_ADDRESS].vdevcsw is not None


@pytest.mark.parametrize("code", [0x18, 0x20])
def test_without_room_for_the_copy_of_the_chain_the_device_is_busy(code):
    made = scene().chain(READ_TWO)
    made.cp.free_storage.get = lambda length: (_ for _ in ()).throw(MemoryError("none"))
    assert made.run_diagnose(code, DISK_ADDRESS, r15=2).answer() == (1, 5)


def test_x18_error_of_the_device_has_a_csw_and_sense_bytes():
    """[3 X'18'] CC 3: R15 is 13, the CSW is the guest's; SENSE gives what CP has read."""
    made = scene().chain(f"{TO_TRACK} 31:0001000209 TIC:-1 06/6")
    made.run_diagnose(0x18, DISK_ADDRESS)
    assert made.answer() == (3, 13)
    assert made.vm.peek(PSA.CSW, 8) == bytes.fromhex("00004010 0E000000")[:4] + made.vm.peek(PSA.CSW + 4, 4)
    assert made.vm.peek(PSA.CSW + 4, 1)[0] & UnitStatus.UNIT_CHECK
    made.put(ccw(0x04, 0x7000, 24, "L"))
    assert made.run_diagnose(0x20, DISK_ADDRESS).answer() == (0, 1)
    assert made.vm.peek(0x7000, 2) == b"\x00\x08", "no record found"


# ---- X'20' ---------------------------------------------------------------------------------------------------------


def test_x20_reads_a_tape_block_by_block_to_the_mark():
    """[3 X'20'] CC 0 for a block, CC 2 and R15 2 for the tape mark."""
    made = scene().put(ccw(0x02, 0x6000, 200, "L"))
    seen = [made.run_diagnose(0x20, TAPE, r15=99).answer() for _ in range(4)]
    assert seen == [(0, 99), (0, 99), (2, 2), (0, 99)]
    assert made.vm.peek(0x6000, 80) == BLOCKS[3]
    assert (made.vm.devices.vmioint, locks(made.cp)) == (0, [])


@pytest.mark.parametrize("count", [79, 81])
def test_x20_wrong_length_is_cc_2_and_3(count):
    assert scene().put(ccw(0x02, 0x6000, count)).run_diagnose(0x20, TAPE).answer() == (2, 3)


def test_x20_waits_until_the_device_has_ended_too():
    """A rewind ends with channel end at once, and with device end later: only then the guest goes on."""
    made = scene().put(ccw(0x02, 0x6000, 80, "CL"), ccw(0x07, 0, 1, "L"))
    made.run_diagnose(0x20, TAPE)
    assert made.answer() == (0, 1)
    assert made.cp.ios.rdev(made.vm.devices[TAPE].real).active is None
    made.put(ccw(0x02, 0x6000, 80, "L")).run_diagnose(0x20, TAPE)
    assert (made.answer(), made.vm.peek(0x6000, 80)) == ((0, 1), BLOCKS[0])


def test_x20_error_puts_two_sense_bytes_into_ry():
    """[3 X'20'] CC 3: R15 is 13, and the low half of Ry has sense bytes 0 and 1."""
    made = scene()
    made.machine.channels.detach(REAL_TAPE)
    made.machine.channels.attach(REAL_TAPE, FailingDevice(fails_at=2, sense=0x10))
    made.put(ccw(0x02, 0x6000, 4, "C"), ccw(0x02, 0x6000, 4))
    made.run_diagnose(0x20, TAPE)
    assert made.answer() == (3, 13)
    assert made.vm.vmgprs[4] == CHAIN & ~0xFFFF | 0x10AB


REAL_TAPE = 0x281


def test_x20_unit_check_at_the_first_ccw_waits_for_the_sense_bytes():
    made = scene().put(ccw(0xFF, 0x6000, 4, "L"))
    made.run_diagnose(0x20, TAPE)
    assert made.answer() == (3, 13)
    assert made.vm.vmgprs[4] & 0xFF00 == 0x8000, "command reject"
    assert not made.vm.vmrstat & RunStatus.IOWAIT


@pytest.mark.parametrize("command", [0x02, 0x03], ids=["read", "no-op"])
def test_x20_program_check_of_the_channel_is_an_error_without_sense_bytes(command):
    made = scene().put(ccw(command, 0x6000, 0, "L"))
    assert made.run_diagnose(0x20, TAPE).answer() == (3, 13)
    assert made.vm.vmgprs[4] & 0xFFFF == 0


@pytest.mark.parametrize(("key", "answer"), [(0, (0, 1)), (3, (0, 1)), (4, (3, 13))])
def test_x20_takes_the_key_from_the_high_bits_of_ry(key, answer):
    made = scene().put(ccw(0x02, 0x6000, 80, "L"))
    made.vm.storage.set_key(0x6000, 0x30)
    assert made.run_diagnose(0x20, TAPE, key=key).answer() == answer


@pytest.mark.parametrize(
    ("device", "chain", "outcome"),
    [
        pytest.param(0x192, CHAIN, (1, 1), id="no such device"),
        pytest.param(0x181, CHAIN + 4, PIC.SPECIFICATION, id="not on a doubleword"),
        pytest.param(0x181, SIZE, PIC.ADDRESSING, id="beyond storage"),
        pytest.param(0x192, SIZE, (1, 1), id="the device comes first"),
    ],
)
def test_x20_bad_operands(device, chain, outcome):
    made = scene()
    made.begin(0x20, device, chain)
    made.until(lambda: made.vm.traps > made.before and (made.over() or any(made.vm.peek(Class.PROGRAM.old_psw, 8))))
    assert (made.failed() if isinstance(outcome, PIC) else made.answer()) == outcome


def test_x20_to_an_adapter_is_refused():
    made = scene()
    run_command(made.cp, made.vm, "DEFINE CTCA AS 5C0")
    assert made.run_diagnose(0x20, 0x5C0).answer() == (3, 13)


def test_a_device_that_is_gone_in_reality_is_an_error():
    made = scene().put(ccw(0x02, 0x6000, 80, "L"))
    made.machine.channels.detach(REAL_TAPE)
    assert made.run_diagnose(0x20, TAPE).answer() == (3, 13)
    assert (locks(made.cp), made.vm.vmrstat) == ([], RunStatus(0))


# ---- devices that CP plays -----------------------------------------------------------------------------------------


def test_x20_writes_on_console_and_printer():
    """[3 X'20'] CP interprets the chain; the guest does not notice the difference."""
    made = scene().put(ccw(0x09, 0x6000, 5, "C"), ccw(0x09, 0x6005, 5))
    made.vm.cpu.store_real(0x6000, "HELLOWORLD".encode("cp037"))
    assert made.run_diagnose(0x20, CONSOLE).answer() == (0, 1)
    assert own_lines(made.vm) == ["HELLO", "WORLD"]
    made.put(ccw(0x09, 0x6000, 10, "L"))
    assert made.run_diagnose(0x20, PRINTER).answer() == (0, 1)
    assert made.vm.devices.vmioint == 0


def test_x20_waits_for_the_operators_line():
    """[3 X'20'] A console read: the guest waits in the DIAGNOSE; others run."""
    made = scene().put(ccw(0x0A, 0x6000, 20, "L"))
    made.begin(0x20, CONSOLE)
    made.until(lambda: bool(made.vm.vmrstat & RunStatus.EXWAIT) and made.cp.running is None and not made.cp.busy)
    made.cp.console_input(made.vm, "ANSWER")
    made.until(made.over)
    assert made.answer() == (0, 1)
    assert made.vm.peek(0x6000, 7) == "ANSWER".encode("cp037") + b"\0"


def test_x20_reads_cards_to_the_end_of_the_deck():
    made = scene().put(ccw(0x02, 0x6000, CARD, "L"))
    made.cp.spool.add_deck("A", [bytes([0xC1 + n]) * CARD for n in range(2)])
    assert made.run_diagnose(0x20, READER).answer() == (1, 5), "the file's arrival is pending as an interruption"
    made.vm.devices.take(READER)
    seen = [made.run_diagnose(0x20, READER).answer() for _ in range(3)]
    assert seen == [(0, 1), (0, 1), (2, 2)]
    assert made.vm.peek(0x6000, 2) == b"\xc2\xc2"


def test_x20_error_of_a_device_that_cp_plays():
    made = scene().put(ccw(0xFF, 0x6000, 1, "L"))
    made.run_diagnose(0x20, PRINTER)
    assert made.answer() == (3, 13)
    assert made.vm.vmgprs[4] & 0xFF00 == 0x8000, "command reject"


# ---- others, and what comes in between -----------------------------------------------------------------------------


def test_two_guests_wait_for_one_disk_and_another_runs():
    """[3 X'18'] The operations are queued; who has nothing to do with the disk runs meanwhile."""
    made = scene().chain(READ_TWO)
    other = made.log_on("B")
    other.devices.add(disk(DISK_ADDRESS))
    for address, data in line(READ_TWO).storage.items():
        other.cpu.store_real(address, data)
    third = made.start(made.log_on("C"), LOOP.replace(f"{CODE + 4:03X}", f"{CODE:03X}"))
    for vm in (made.vm, other):
        vm.vmgprs[2], vm.vmgprs[4], vm.vmgprs[15] = DISK_ADDRESS, CHAIN, 2
        made.start(vm, f"83240018{LOOP}")
    made.until(lambda: all(vm.vmrstat & RunStatus.EXWAIT for vm in (made.vm, other)) and made.cp.running_vm is third)
    made.until(lambda: not any(vm.vmrstat & RunStatus.EXWAIT for vm in (made.vm, other)))
    assert [(vm.vmpsw.cc, vm.peek(AREA, 5)) for vm in (made.vm, other)] == [(0, b"THIRD")] * 2
    assert locks(made.cp) == []


WAITING = {
    "disk": (0x18, DISK_ADDRESS, READ_TWO),
    "tape": (0x20, TAPE, None),
    "console": (0x20, CONSOLE, None),
}


def waiting(kind):
    """A guest in the middle of a DIAGNOSE."""
    code, device, text = WAITING[kind]
    made = scene()
    if text:
        made.chain(text)
    else:
        made.put(ccw(0x0A if device == CONSOLE else 0x02, 0x6000, 80, "L"))
    made.begin(code, device, r15=2)
    return made.until(lambda: bool(made.vm.vmrstat & RunStatus.EXWAIT) and not made.cp.busy)


@pytest.mark.parametrize("kind", WAITING)
def test_a_guest_that_logs_off_while_it_waits_leaves_nothing(kind):
    """[3 X'18'] Frames are unlocked, free storage is given back, and the interruption to come is nobody's."""
    made = waiting(kind)
    other = made.start(made.log_on("B"), LOOP.replace(f"{CODE + 4:03X}", f"{CODE:03X}"))
    made.cp.logoff(made.vm)
    assert (locks(made.cp), problems(made.cp)) == ([], [])
    for _ in range(2000):
        made.machine.advance()
    assert other.vmvtime > 0
    assert all(rdev.active is None and not rdev.queue for rdev in made.cp.ios.rdevs.values())


@pytest.mark.parametrize("kind", WAITING)
def test_a_device_taken_away_ends_the_wait_with_an_error(kind):
    made = waiting(kind)
    made.cp.vio.detach(made.vm, WAITING[kind][1])
    made.until(made.over)
    assert made.answer() == (3, 13)
    assert locks(made.cp) == []


@pytest.mark.parametrize("kind", WAITING)
def test_a_reset_ends_the_wait_and_changes_no_register(kind):
    made = waiting(kind)
    with made.cp.console_function(made.vm):
        made.cp.reset(made.vm)
        made.vm.cf = True
    assert made.vm.vmgprs[15] in (0, 2)
    assert (made.vm.vmpsw.cc, made.vm.vmrstat, locks(made.cp)) == (0, RunStatus.CFWAIT, [])
    for _ in range(500):
        made.machine.advance()
    assert not made.vm.devices.vmioint


@pytest.mark.parametrize("kind", WAITING)
def test_a_checkpoint_in_the_middle_goes_on_to_the_same_end(kind):
    """What waits is plain values: going back and forward again gives the same."""
    made = waiting(kind)
    saved = made.machine.state(), made.cp.state()
    ends = []
    for _ in range(2):
        if kind == "console":
            made.cp.console_input(made.vm, "X")
        made.until(made.over)
        ends.append((made.answer(), list(made.vm.vmgprs), made.vm.peek(0, SIZE), made.machine.clocks.now))
        made.machine.restore(saved[0])
        made.cp.restore(saved[1])
        assert (made.machine.state(), made.cp.state()) == saved
    assert ends[0] == ends[1]
    assert ends[0][0] == (0, 2)


def test_cp_says_by_which_rule():
    made = scene().chain(READ_TWO)
    events = made.watch()
    made.run_diagnose(0x18, DISK_ADDRESS, r15=2)
    fired = [verdict.rule.id for verdict in made.verdicts(events)]
    assert [rule for rule in fired if rule.startswith(("DGD", "GIO"))] == ["DGD-6", "DGD-16", "GIO-9"]


def test_rules_have_ids_of_their_own():
    ids = [rule.id for rules in (DISK, CHAIN_RULES, GENERAL, END) for rule in rules]
    assert len(ids) == len(set(ids))


def test_the_chain_is_what_the_rig_says():
    """The rig's lines are the manual's CCWs."""
    made = scene().chain(READ_TWO)
    first = CCW.from_bytes(made.vm.peek(CHAIN, 8))
    assert (first.command, first.count, first.flags & CCWFlag.CHAIN_COMMAND) == (0x07, 6, CCWFlag.CHAIN_COMMAND)
    assert made.vm.peek(CHAIN + 16, 8)[:4] == tic(CHAIN + 8)[:4]
