"""The spool system's connection with CP: who is told, what is noted, and device end when a file arrives."""

from typing import TYPE_CHECKING

from edu_hv.hypervisor.decisions import Verdict
from edu_hv.hypervisor.spooling.devices import SpooledReader
from edu_hv.hypervisor.spooling.files import SFBLOK
from edu_hv.isa.codes import UnitStatus

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.virtual_devices import VDEVBLOK


def connect(cp: "ControlProgram") -> None:
    """Set the hooks of `cp.spool`."""

    def notify(userid: str, line: str) -> None:
        vm = cp.logged_on(userid)
        if vm is not None:
            cp.write_terminal(vm, line)

    def note(userid: str, verdict: Verdict) -> None:
        vm = cp.logged_on(userid)
        if vm is not None:
            cp.note(vm, verdict)

    def arrived(sfblok: SFBLOK) -> None:
        vm = cp.logged_on(sfblok.sfbuser)
        vdev = next((vdev for vdev in vm.devices.values() if _idle(vdev, sfblok)), None) if vm else None
        if vm is not None and vdev is not None:
            cp.vio.present(vm, vdev.address, UnitStatus.DEVICE_END)

    cp.spool.notify, cp.spool.note, cp.spool.on_arrival = notify, note, arrived


def _idle(vdev: "VDEVBLOK", sfblok: SFBLOK) -> bool:
    """Whether it is a reader that takes the file, and has nothing else to say.  SY20-0886 "DMKSPLCV"."""
    device = vdev.device
    return isinstance(device, SpooledReader) and device.takes(sfblok) and not vdev.running and vdev.vdevcsw is None
