"""Guests about to execute a few instructions: what the tests of CP row by row share."""

from edu_hv.isa.codes import Class
from edu_hv.machine.psw import PSW
from edu_hv.machine.storage import FRAME
from tests.hypervisor.bench import HANDLER, SIZE, guest

AREA = 0x2000
"""Where general register 2 points."""
WAIT_FOR_IO = {0x800: "FE02000000000000"}


def store(vm, storage):
    """Put hexadecimal text into guest storage, by address."""
    for address, text in storage.items():
        vm.cpu.store_real(address, bytes.fromhex(text))


def prepared(code, storage=None, gr=None, cr=None, ecmode=True, **psw):
    """A guest about to execute `code`; general register 2 points at AREA, each class leads to HANDLER."""
    made, vm = guest(code, ecmode, **psw)
    new = PSW(ec_mode=bool(psw.get("ec_mode")), instruction_address=HANDLER).to_bytes()
    for kind in Class:
        vm.cpu.store_real(kind.new_psw, new)
    store(vm, storage or {})
    for registers, values in ((vm.vmgprs, {2: AREA} | (gr or {})), (vm.cpu.cr, cr or {})):
        for number, value in values.items():
            registers[number] = value
    return made, vm


def stopped(code, steps=1, **given):
    """The same after so many steps, with its registers in the VMBLOK."""
    made, vm = prepared(code, **given)
    made.steps(steps)
    made.stop()
    return made, vm


def page_out(made, vm, *pages):
    """Another guest needs so much storage that these pages are on the paging volume afterwards."""
    other = made.cp.logged_on("HOG") or made.log_on("HOG")
    for page in list(range(SIZE // FRAME)) * 2:
        if all(vm.storage.frame_of(page) is None for page in pages):
            break
        other.cpu.store_real(page * FRAME, b"\1")
        made.cp.paging.hold_none()
    assert [vm.storage.frame_of(page) for page in pages] == [None] * len(pages)
