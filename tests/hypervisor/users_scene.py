"""A machine under CP with volumes, tape drives and a directory: what the tests of users and devices share."""

from dataclasses import dataclass

from edu_hv.devices.ckd_image import blank_volume
from edu_hv.devices.disk import Disk3330, Disk3350
from edu_hv.devices.tape import TapeDrive
from edu_hv.devices.tape_image import blank_tape
from edu_hv.hypervisor.commands.registry import Answer, run_command
from edu_hv.hypervisor.directory import parse
from edu_hv.hypervisor.logon import log_on, take_directory
from edu_hv.hypervisor.vmblok import VMBLOK
from tests.hypervisor.bench import Bench, bench

MIDNIGHT = "00:00:00 UTC SATURDAY 01/01/72"
"""When the machine is switched on."""
TAPES = (0x281, 0x282)
DIRECTORY = """\
DIRECTORY 350 3350 USRVOL
USER $TDSK$ NOLOG
 MDISK 100 3330 10 20 SYSVOL
USER OPERATOR OPPW 64K 64K ABCDEG
 CONSOLE 009 3215
USER ANNE APW 64K 128K
 ACCOUNT 101 BIN7
 CONSOLE 009 3215
 SPOOL 00C 2540 READER A
 SPOOL 00D 2540 PUNCH B
 SPOOL 00E 1403
 MDISK 191 3350 1 5 USRVOL MR ALL WPASS
 LINK MAINT 190 190 RR
 SPECIAL 450 CTCA
USER BILL BPW 64K 64K BG
 OPTION ECMODE REALTIMER BMX ISAM ACCT SVCOFF CPUID ABCDEF
 CONSOLE 01F 3215
 DEDICATE 181 281
 MDISK 192 3330 T-DISK 5
 LINK MAINT 190 190 RR
 SPECIAL 450 CTCA
 SPECIAL 7C0 3270
USER MAINT MPW 64K
 CONSOLE 009 3215
 MDISK 190 3350 6 4 USRVOL MR RPASS
 MDISK 191 3350 400 5 NOVOL MR
 MDISK 192 3330 0 5 USRVOL MR
USER AUTO UPW 64K
 IPL 00C
 CONSOLE 009 3215
 SPOOL 00C 2540 READER
"""


@dataclass
class Scene(Bench):
    """A machine with CP, the directory, two volumes and two tape drives."""

    def logon(self, userid: str) -> VMBLOK:
        """A user logs on, with his password."""
        entry = self.cp.directory.find(userid)
        assert entry is not None
        return log_on(self.cp, userid, entry.user.password)

    def command(self, vm: VMBLOK, line: str) -> Answer:
        """A line typed at a terminal."""
        return run_command(self.cp, vm, line)


def scene(directory: str = DIRECTORY) -> Scene:
    """Nobody is logged on."""
    made = bench()
    channels = made.machine.channels
    channels.attach(0x350, Disk3350(blank_volume("3350", "USRVOL", 20)))
    channels.attach(0x130, Disk3330(blank_volume("3330", "SYSVOL", 40)))
    for address in TAPES:
        channels.attach(address, TapeDrive(blank_tape("REEL")))
    take_directory(made.cp, parse(directory, "users.direct"))
    return Scene(made.machine, made.cp)


def configuration(vm: VMBLOK) -> dict[str, tuple[object, ...]]:
    """Each device: model, class, real address, cylinders, flags."""
    return {
        f"{v.address:03X}": (v.model, v.vdevtypc, v.real, (v.reln, v.bnd) if v.bnd else None, v.vdevflag)
        for v in vm.devices.values()
    }


def pass_time(made: Scene, microseconds: int) -> None:
    """Machine time passes, and CP does what is due."""
    made.machine.clocks.now += microseconds
    made.cp.dispatch_again()
    made.settle()
    for _ in range(20):
        made.machine.advance()
    made.settle()
