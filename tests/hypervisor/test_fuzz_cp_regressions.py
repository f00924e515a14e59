"""What random guests and commands have found (`tools.fuzz_cp`), as small as it can be."""

import pytest

from edu_hv.hypervisor.vmblok import Pending
from edu_hv.isa.codes import PSA, UnitStatus
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import CONSOLE, SIZE, bench, guest
from tests.hypervisor.twins import Start, execute


def test_an_interruption_that_comes_after_a_reset_is_pending_in_the_vmblok():
    """[1.2 VMPEND] It was pending before, the reset cleared it, and the device has something to say again."""
    made, vm = guest("47F00A00")
    for _ in range(2):
        made.cp.vio.present(vm, CONSOLE, UnitStatus.ATTENTION)
        vm.note_psw()
        assert vm.vmpend & Pending.IO
        made.cp.reset(vm)
        assert not vm.vmpend & Pending.IO


def test_a_psw_that_is_invalid_fetches_no_instruction_so_there_is_no_program_event():
    """GA22-7000 "Program-Event Recording", "Early Exception Recognition": a machine and a guest see the same."""
    psw = bytes.fromhex("4408000001000B00")  # PER and DAT, and bits 32 to 39 are not zero.
    start = Start("82002000", PSW(ec_mode=True), gr={2: 0x5000}, cr={0: 0x00800000, 9: 0x40000000, 11: 0xFFFFFF})
    start.storage = {0x5000: psw.hex()}
    twins = execute(start)
    assert twins.guest.difference(twins.bare) == []
    assert twins.bare.storage[PSA.PROGRAM_CODE : PSA.PROGRAM_CODE + 2].hex() == "0006"
    assert twins.bare.storage[0x96:0x9C] == bytes(6)


@pytest.mark.parametrize("assist", [False, True], ids=["without the assist", "with it"])
@pytest.mark.parametrize("ec_mode", [False, True], ids=["BC", "EC"])
def test_a_register_into_which_a_key_was_inserted_is_a_number_like_any_other(ec_mode, assist):
    """[1.4 ISK] Its sign bit is its sign: ISK 1,2; LR 0,1; SLDA 0,0."""
    made = bench()
    if assist:
        made.machine.install_assist()
    vm = made.cp.logon("A", SIZE, ecmode=True)
    vm.cpu.store_real(0x4000, bytes(1))
    vm.vmgprs[:3] = [0, 0xEA78F000, 0x4000]
    made.start(vm, "0912 1801 8F000000", ec_mode=ec_mode)
    made.steps(3)
    made.stop()
    assert type(vm.vmgprs[1]) is int
    assert (vm.vmgprs[0] >> 8, vm.vmpsw.cc) == (0xEA78F0, 1)
