"""A guest of 64K on a real machine, as a control program would have dispatched it, for the tests of the VM assist.

Real storage: CP's blocks below X'8000', the guest's frames from X'10000' up, in reverse order.
"""

from edu_hv.isa.codes import Class
from edu_hv.machine.assist import CR6, MICBLOK
from edu_hv.machine.machine import Machine
from edu_hv.machine.psw import PSW

SIZE = 0x40000
GUEST_SIZE = 0x10000
BLOCK, VMPSW, CRS = 0x2000, 0x2100, 0x2200
SEGMENTS, PAGES, SWAP = 0x3000, 0x3100, 0x3200
SHADOW_SEGMENTS, SHADOW_PAGES = 0x4000, 0x4100
HANDLER = 0x1000
CODE, DATA = 0x1000, 0x2000
"""Guest addresses of the instruction and of its operands."""
FORMAT_4K_64K = 0x00800000


def frame(page):
    """The real address of a guest page."""
    return 0x10000 + 0x1000 * (15 - page)


def real(address):
    """The real address of a guest-real one."""
    return frame(address >> 12) + (address & 0xFFF)


def build(code, *, installed=True, **choices):
    """A machine about to execute the guest instruction at CODE.

    Keywords: `psw`, fields of the virtual PSW; `gr`, `cr` (virtual), `guest` (hexadecimal text by guest-real address),
    `pages_out`, `keys` (of 2K blocks of the guest: virtual, real), `on` and `off` (flags of CR6), `micpend`, `ecmode`,
    `per`, `real_cr`, `shadow`: the guest's own DAT is on and nothing of the shadow page table is valid, `shadow_entry`:
    bits 0-3 of the shadow segment-table entries, `micrseg`.
    """
    machine = Machine(SIZE)
    if installed:
        machine.install_assist()
    _build_real_tables(machine, choices.get("pages_out", ()))
    for kind in Class:
        machine.storage.write(kind.new_psw, PSW(ec_mode=True, instruction_address=HANDLER).to_bytes())
    for address, text in {CODE: code, **choices.get("guest", {})}.items():
        machine.storage.write(real(address), bytes.fromhex(text))
    for address, (virtual, key) in choices.get("keys", {}).items():
        machine.storage.write(SWAP + 8 * (address >> 12) + 2 + (address >> 11 & 1), bytes([virtual]))
        machine.storage.set_key(real(address) >> 11, key)
    _dispatch(machine, choices)
    return machine


def _build_real_tables(machine, pages_out):
    write = machine.storage.write
    write(SEGMENTS, (0xF0000000 | PAGES).to_bytes(4, "big") + bytes.fromhex("00000001") * 15)
    write(PAGES - 4, SWAP.to_bytes(4, "big"))
    for page in range(16):
        write(PAGES + 2 * page, (8 if page in pages_out else frame(page) >> 8).to_bytes(2, "big"))


def _dispatch(machine, choices):
    cpu, ecmode = machine.cpu, choices.get("ecmode", True)
    virtual = PSW(**{"instruction_address": CODE, "ec_mode": True} | choices.get("psw", {}))
    machine.storage.write(VMPSW, virtual.to_bytes())
    registers = {0: 0x000000E0 | FORMAT_4K_64K, 2: 0xFFFFFFFF} | choices.get("cr", {})
    for number in range(16 if ecmode else 1):
        machine.storage.write(CRS + 4 * number, registers.get(number, 0).to_bytes(4, "big"))
    micblok = MICBLOK(choices.get("micrseg", SEGMENTS), CRS, VMPSW, ecmode, choices.get("micpend", False))
    machine.storage.write(BLOCK, micblok.to_bytes())
    for number, value in choices.get("gr", {}).items():
        cpu.gr[number] = value
    cpu.cr[0], cpu.cr[1] = FORMAT_4K_64K, SEGMENTS
    flags = CR6.VM_ASSIST | choices.get("on", CR6(0)) | (CR6.VIRTUAL_PROBLEM_STATE if virtual.problem_state else 0)
    cpu.cr[6] = flags & ~choices.get("off", CR6(0)) | BLOCK
    if choices.get("shadow"):
        _build_shadow(machine, registers, choices.get("shadow_entry", 0xF0000000))
    for number, value in choices.get("real_cr", {}).items():
        cpu.cr[number] = value
    running = virtual.copy()
    running.system_mask = 0x47 if choices.get("per") else 0x07
    running.ec_mode = running.machine_check_mask = running.problem_state = True
    running.wait, running.unassigned = False, 0
    cpu.load_psw(running)


def _build_shadow(machine, registers, length):
    machine.storage.write(SHADOW_SEGMENTS, (length | SHADOW_PAGES).to_bytes(4, "big") * 16)
    machine.storage.write(SHADOW_PAGES, bytes.fromhex("000C") * 16)  # Invalid in the formats of 4K and 2K.
    machine.cpu.cr[0], machine.cpu.cr[1] = registers[0], SHADOW_SEGMENTS
    machine.cpu.cr[6] |= CR6.SHADOW_TABLES


def vmpsw(machine):
    """The virtual PSW in real storage, as text."""
    return machine.storage.read(VMPSW, 8).hex()


def control(machine, number):
    """A virtual control register."""
    return int.from_bytes(machine.storage.read(CRS + 4 * number, 4), "big")
