"""What must hold whenever CP has decided or dispatched, whatever the guests do."""

from edu_hv.hypervisor.control_program import ControlProgram, Stage
from edu_hv.hypervisor.virtual_storage import PAGE_SHIFT, VirtualStorage
from edu_hv.machine.dat import FORMATS, SEGMENT_INVALID, table_format
from edu_hv.machine.storage import FRAME


def problems(cp: ControlProgram) -> list[str]:
    """What does not hold, in words; empty when all is well."""
    return [*_real_psw(cp), *_frames(cp), *_shadow_tables(cp), *_scheduler(cp)]


def _real_psw(cp: ControlProgram) -> list[str]:
    """The real PSW of a running guest is EC, DAT on, problem state, enabled for I/O and external, never a wait."""
    vm, psw = cp.running_vm, cp.real.psw
    if vm is None or cp.work.stage is not Stage.NONE:
        return []
    wanted = psw.ec_mode and psw.dat and psw.problem_state and not psw.wait and psw.external_mask and psw.io_enabled()
    right = psw.machine_check_mask and wanted
    tables = (vm.shadow.cr1 if vm.translating and vm.shadow else vm.vmseg) == cp.real.cr[1]
    return [] if right and tables else [f"{vm.vmuser} runs with the real PSW {psw}, CR1 {cp.real.cr[1]:08X}"]


def frames_of(storage: VirtualStorage) -> dict[int, int]:
    """Absolute address of the frame by page number, from the page tables in real storage, shared segments too."""
    found = {page: storage.frame_of(page) for page in range(storage.size // FRAME)}
    return {page: frame for page, frame in found.items() if frame is not None}


def _frames(cp: ControlProgram) -> list[str]:
    """No frame is mapped for two guests, or twice, unless it is shared; each is CP's to give; CORTABLE agrees."""
    owners: dict[int, str] = {}
    found: list[str] = []
    for vm in cp.vms:
        for page, frame in frames_of(vm.storage).items():
            owner, number = vm.storage.place(page)
            place = f"{id(owner)}/{number}"
            if owners.setdefault(frame, place) != place:
                found.append(f"frame {frame:06X} is mapped twice, for {vm.vmuser} page {page:X} too")
            entry = cp.paging.core[frame]
            if entry.owner is not owner or entry.page != number or entry.free_storage:
                found.append(f"CORTABLE says another owner of frame {frame:06X} than {vm.vmuser} page {page:X}")
    return found


def _shadow_tables(cp: ControlProgram) -> list[str]:
    """A valid shadow entry names a frame of the same guest."""
    found: list[str] = []
    for vm in cp.vms:
        if vm.shadow is None or not vm.shadow.exist or vm.storage.frames_lost:
            continue  # Lost frames: they are invalidated before the guest runs again.
        mine = set(frames_of(vm.storage).values())
        found += [f"{vm.vmuser}: shadow entry names {f:06X}" for f in shadow_frames(cp, vm.shadow) if f not in mine]
    return found


def shadow_frames(cp, shadow) -> list[int]:
    """The frames that shadow page tables name."""
    layout = table_format(shadow.cr0) or FORMATS[0b10000]
    table, frames = shadow.cr1 & 0xFFFFC0, []
    for segment in range(((shadow.cr1 >> 24) + 1) * 16):
        entry = int.from_bytes(cp.real.load_real(table + segment * 4, 4), "big")
        if entry & SEGMENT_INVALID:
            continue
        for page in range(layout.pages_in_segment):
            text = int.from_bytes(cp.real.load_real((entry & 0xFFFFF8) + page * 2, 2), "big")
            if not text & layout.invalid_bit:
                frames.append((text & layout.frame_mask) << 8 & -FRAME)
    return frames


def _scheduler(cp: ControlProgram) -> list[str]:
    """A machine is in one queue at most; one that could run is in a queue, unless CP is just about to look."""
    queued = cp.scheduler.in_queue
    found = [f"{vm.vmuser} is queued twice" for vm in queued if queued.count(vm) > 1]
    return found + [f"{vm.vmuser} is in a queue but gone" for vm in queued if vm not in cp.vms]


def locks(cp: ControlProgram) -> list[str]:
    """Frames that are locked: there must be none when no operation is under way."""
    core = cp.paging.core
    frames = range(core.first, core.first + len(core) * FRAME, FRAME)
    return [f"{frame:06X} page {core[frame].page:X} >> {PAGE_SHIFT}" for frame in frames if core[frame].locks]
