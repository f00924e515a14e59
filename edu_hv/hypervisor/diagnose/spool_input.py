"""DIAGNOSE code X'14': a guest reads its spool files by the page buffer, without channel programs (DMKDRD).

GC20-1807 "DIAGNOSE Code X'14'".
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.devices.card_image import CODE_PAGE
from edu_hv.hypervisor.diagnose.services import require_storage, service, specification
from edu_hv.hypervisor.spooling.devices import SpooledReader
from edu_hv.hypervisor.spooling.files import CONSOLE, PRINTER, READER, SFBLOK
from edu_hv.hypervisor.spooling.space import PAGE
from edu_hv.hypervisor.time_of_day import time_of_day
from edu_hv.isa.codes import MASK_24

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.virtual_devices import VDEVBLOK
    from edu_hv.hypervisor.vmblok import VMBLOK

SFBLOK_LENGTH = 104
"""Bytes of an SFBLOK: 13 doublewords."""
DONE, END_OF_FILE, NOT_FOUND, IN_ERROR = range(4)
"""Condition codes."""
BAD_ADDRESS, BAD_TYPE, BUSY = 4, 8, 12
"""What is put into Ry+1 with condition code 3."""

_PLACE = "DIAG14"
_TYPES = {READER: 0x82, PRINTER: 0x41, CONSOLE: 0x41, "PUN": 0x82}
"""SFBTYPE: the device type of the real output."""
_IN_USE, _USER_HOLD, _OPEN = 0x80, 0x20, 0x08


@dataclass(frozen=True)
class Request:
    """One DIAGNOSE X'14': the reader, and the operand in Rx."""

    cp: "ControlProgram"
    vm: "VMBLOK"
    vdev: "VDEVBLOK"
    reader: SpooledReader
    operand: int

    @property
    def page(self) -> int:
        """Index of the page buffer of the active file that is given next."""
        return int(self.vdev.extra.get(_PLACE, (0, 0))[0])

    @property
    def shown(self) -> int:
        """Spoolid of the file whose SFBLOK was given last."""
        return int(self.vdev.extra.get(_PLACE, (0, 0))[1])

    def remember(self, page: int, shown: int = 0) -> None:
        """What the next request goes on from."""
        self.vdev.extra[_PLACE] = (page, shown)


@service(0x14)
def spool_input(cp: "ControlProgram", vm: "VMBLOK", rx: int, ry: int) -> None:
    """X'14': Ry, even, is a reader's address and Ry+1 the function.

    CC 0 done, 1 end of file or of the chain, 2 no such file, 3 in error, Ry+1 saying why.  Specification: Ry is odd,
    the function does not exist, or the operand in Rx is not as it must be; addressing: it is outside guest storage.
    """
    function = _FUNCTIONS.get(vm.vmgprs[ry | 1])
    if ry % 2 or function is None:
        raise specification()
    vdev = vm.devices.get(vm.vmgprs[ry])
    reason = _reason(vdev)
    if reason:
        vm.vmgprs[ry + 1], vm.vmpsw.cc = reason, IN_ERROR
        return
    assert vdev is not None
    assert isinstance(vdev.device, SpooledReader)
    vm.vmpsw.cc = function(Request(cp, vm, vdev, vdev.device, vm.vmgprs[rx]))


def _reason(vdev: "VDEVBLOK | None") -> int:
    """Why the device cannot be used; 0 if it can."""
    if vdev is None:
        return BAD_ADDRESS
    if not isinstance(vdev.device, SpooledReader):
        return BAD_TYPE
    return BUSY if vdev.running or not vdev.device.ready else 0


# ---- functions -----------------------------------------------------------------------------------------------------


def _next_buffer(request: Request) -> int:
    """X'0000': the next page buffer of the active file, which is opened if need be, goes to the page at Rx."""
    buffer = _page(request)
    active, page = request.reader.active, request.page
    if active is None:
        active, page = request.reader.open_next(), 0
    elif page >= len(active.pages):
        request.remember(0)
        if not _another(request):
            return END_OF_FILE
        request.reader.end_active()
        active, page = request.reader.open_next(), 0
    return NOT_FOUND if active is None else _give(request, buffer, active, page)


def _another(request: Request) -> bool:
    """Whether the reader goes on with another file."""
    options = request.reader.options
    return options.cont and request.cp.spool.next_for(request.vm.vmuser, options.sfbclas) is not None


def _restart(request: Request) -> int:
    """X'0014': the first page buffer of the active file."""
    buffer, active = _page(request), request.reader.active
    return NOT_FOUND if active is None else _give(request, buffer, active, 0)


def _backspace(request: Request) -> int:
    """X'0018': the page buffer before the one that was given last; the first one again if there is none."""
    buffer, active = _page(request), request.reader.active
    return NOT_FOUND if active is None else _give(request, buffer, active, max(request.page - 2, 0))


def _give(request: Request, buffer: int, sfblok: SFBLOK, page: int) -> int:
    request.vm.cpu.store_real(buffer, request.cp.spool.space.read(sfblok.pages[page]))
    request.remember(page + 1)
    return DONE


def _page(request: Request) -> int:
    """Rx is a page of the guest's."""
    address = request.operand & MASK_24
    if address % PAGE:
        raise specification()
    require_storage(request.vm, address, PAGE)
    return address


def _next_print_file(request: Request) -> int:
    """X'0004': the SFBLOK of the next print file among the user's reader files."""
    return _next_sfblok(request, (PRINTER, CONSOLE))


def _next_punch_file(request: Request) -> int:
    """X'0008': the SFBLOK of the next file of cards."""
    return _next_sfblok(request, ("PUN", READER))


def _next_sfblok(request: Request, types: tuple[str, ...]) -> int:
    address = request.operand & MASK_24
    if address % 8 or address // PAGE != (address + SFBLOK_LENGTH - 1) // PAGE:
        raise specification()
    require_storage(request.vm, address, SFBLOK_LENGTH)
    files = [sfblok for sfblok in request.cp.spool.files(READER, request.vm.vmuser) if sfblok.sfbtype in types]
    numbers = [sfblok.sfbfilid for sfblok in files]
    at = numbers.index(request.shown) + 1 if request.shown in numbers else 0
    if at == len(files):
        request.remember(request.page)
        return END_OF_FILE if at else NOT_FOUND
    request.vm.cpu.store_real(address, sfblok_image(files[at]))
    request.remember(request.page, numbers[at])
    return DONE


def _select(request: Request) -> int:
    """X'000C': the file with the spoolid in Rx becomes the first of the user's."""
    sfblok = request.cp.spool.find(READER, request.operand)
    if sfblok is None or sfblok.sfbuser != request.vm.vmuser:
        return NOT_FOUND
    request.cp.spool.order(READER, [sfblok])
    return DONE


def _repeat(request: Request) -> int:
    """X'0010': another number of copies for the active file: Rx, modulo 256."""
    active = request.reader.active
    if active is None:
        return NOT_FOUND
    if not 0 < request.operand < 1 << 31:
        raise specification()
    request.cp.spool.change(READER, active, sfbcopy=request.operand % 256)
    return DONE


_FUNCTIONS = {
    0x0000: _next_buffer,
    0x0004: _next_print_file,
    0x0008: _next_punch_file,
    0x000C: _select,
    0x0010: _repeat,
    0x0014: _restart,
    0x0018: _backspace,
}


def sfblok_image(sfblok: SFBLOK) -> bytes:
    """The 104 bytes of an SFBLOK.  SY20-0884 "SFBLOK"; pointers within CP are zero."""
    when = time_of_day(sfblok.created)
    flags = _IN_USE * sfblok.sfbinuse | _USER_HOLD * sfblok.sfbuhold | _OPEN * sfblok.sfbinuse
    fields = (
        bytes(4),
        sfblok.pages[0].to_bytes(4, "big"),
        _text(sfblok.sfbuser, 8),
        _text(sfblok.sfborig, 8),
        sfblok.sfbrecno.to_bytes(4, "big"),
        sfblok.sfbrecsz.to_bytes(2, "big"),
        sfblok.sfbfilid.to_bytes(2, "big"),
        bytes([flags, _TYPES[sfblok.sfbtype]]),
        bytes(6),
        _text(sfblok.sfbfname, 24) if not sfblok.sfbftype else _text(sfblok.sfbfname, 12) + _text(sfblok.sfbftype, 12),
        _text(when.date, 8),
        _text(when.time, 8),
        sfblok.pages[-1].to_bytes(4, "big"),
        sfblok.sfbcopy.to_bytes(2, "big"),
        _text(sfblok.sfbclas, 1),
        bytes(1),
        _text(sfblok.sfbdist, 8),
    )
    return b"".join(fields).ljust(SFBLOK_LENGTH, b"\0")


def _text(value: str, length: int) -> bytes:
    return value.encode(CODE_PAGE, errors="replace")[:length].ljust(length, b"\x40")
