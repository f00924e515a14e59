"""Guests that issue DIAGNOSE X'68', one instruction at a time, for the tests of VMCF."""

from dataclasses import dataclass

from edu_hv.hypervisor.vmblok import VMBLOK
from edu_hv.isa.codes import CR0, Class
from edu_hv.machine.psw import PSW
from tests.hypervisor.bench import CODE, Bench, bench

PARM, BUFFER, DATA, REPLY = 0x2000, 0x2100, 0x4000, 0x5000
USE, OTHER_USE = b"SOURCE01", b"SINK0001"
LOOP = 0x0E00
EXTERNAL_ROUTINE = 0x0F00
"""Where a guest's external new PSW leads: it loops there, disabled."""
A, U, SEND, SENR, SENX, RECV, CANC, REPL, QUIE, RESM, IDEN, RJCT = range(12)


def parm(function, user="", mid=1, a=(DATA, 10), b=(0, 0), flags=0, use=USE):
    """VMCPARM, as the manual draws it."""
    head = bytes([flags, 0]) + function.to_bytes(2, "big") + mid.to_bytes(4, "big")
    areas = b"".join(value.to_bytes(4, "big") for value in (*a, *b))
    return head + user.ljust(8).encode("cp037") + areas + use


def header(function, user, mid=1, a=(DATA, 10), b=(0, 0), status=0, error=0, use=USE):
    """VMCMHDR."""
    text = bytearray(parm(function, user, mid, a, b, use=use))
    text[0], text[1] = status, error
    return bytes(text)


@dataclass
class Scene(Bench):
    """Guests that issue DIAGNOSE X'68', one instruction at a time, and take interruptions when they are told to."""

    def call(self, vm: VMBLOK, *args: object, **more: object) -> int:
        """The return code."""
        vm.cpu.store_real(PARM, parm(*args, **more))
        return self.execute(vm)

    def execute(self, vm: VMBLOK, at: int = PARM) -> int:
        vm.vmgprs[2], vm.vmgprs[4] = at, 0xFF
        vm.cpu.store_real(CODE, bytes.fromhex("83240068"))
        vm.cpu.load_psw(PSW(instruction_address=CODE, key=vm.vmpsw.key, cc=3))
        self.go(vm, lambda: vm.vmpsw.instruction_address != CODE)
        assert vm.vmpsw.cc == 3 or any(vm.peek(Class.PROGRAM.old_psw, 8)), "CC is not changed"
        return vm.vmgprs[4]

    def go(self, vm: VMBLOK, ready) -> None:
        vm.cf = False
        self.cp.wake(vm)
        self.until(lambda: ready() and not self.cp.busy)
        self.stop()
        vm.cf = True
        self.cp.scheduler.drop(vm)

    def interruption(self, vm: VMBLOK, length: int = 40) -> bytes:
        """Let the guest take its external interruption: what is in its buffer."""
        vm.cpu.store_real(BUFFER, bytes(length))
        vm.cpu.store_real(Class.EXTERNAL.new_psw, PSW(instruction_address=EXTERNAL_ROUTINE).to_bytes())
        vm.cpu.store_real(EXTERNAL_ROUTINE, bytes.fromhex(f"47F00{EXTERNAL_ROUTINE:03X}"))
        vm.cpu.store_real(LOOP, bytes.fromhex(f"47F00{LOOP:03X}"))
        vm.cpu.load_psw(PSW(system_mask=0x01, instruction_address=LOOP, key=vm.vmpsw.key))
        vm.cpu.cr[0] = int(CR0.VMCF_MASK)
        self.go(vm, lambda: self.cp.running_vm is vm)
        self.steps(3)
        assert vm.vmpsw.instruction_address == EXTERNAL_ROUTINE
        assert vm.peek(Class.EXTERNAL.old_psw + 2, 2) == b"\x40\x01"
        return vm.cpu.load_real(BUFFER, length)

    def pending(self) -> list[str]:
        """At whom an interruption X'4001' is pending."""
        return [vm.vmuser for vm in self.cp.vms if any(block.code == 0x4001 for block in vm.vmpxint)]


def scene(*userids: str, authorized: bool = True, length: int = 100) -> tuple[Scene, list[VMBLOK]]:
    plain = bench()
    made = Scene(plain.machine, plain.cp)
    guests = [made.log_on(userid) for userid in userids or ("ANNE", "BILL")]
    for vm in guests:
        vm.cpu.store_real(DATA, f"FROM {vm.vmuser} ".encode("cp037"))
        if authorized:
            assert made.call(vm, A, a=(BUFFER, length)) == 0
    return made, guests
