"""What CP stores into a guest while it simulates an instruction: an effect to be told of, like a changed register."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edu_hv.hypervisor.decisions import Effect
from edu_hv.isa.codes import PSA, Class
from edu_hv.machine.events import Event, StorageStored
from edu_hv.machine.storage import FRAME, Storage

if TYPE_CHECKING:
    from edu_hv.hypervisor.vmblok import VMBLOK

_OLD_PSWS = range(Class.EXTERNAL.old_psw, Class.INPUT_OUTPUT.old_psw + 8)
MOST, LONGEST = 4, 16
"""Stores that are told of, and bytes of each."""


@contextmanager
def noting_stores(storage: Storage) -> Iterator[list[StorageStored]]:
    """The stores made inside, oldest first; whoever else hears of stores goes on hearing."""
    stores: list[StorageStored] = []
    usual = storage.observer

    def hear(event: Event) -> None:
        if isinstance(event, StorageStored):
            stores.append(event)
        if usual is not None:
            usual(event)

    storage.observer = hear
    try:
        yield stores
    finally:
        storage.observer = usual


def store_effects(vm: "VMBLOK", stores: list[StorageStored]) -> list[Effect]:
    """The guest-real storage that is not as it was; without old PSWs and CSW, which are effects of their own."""
    pages = {frame: page for page in range(vm.vmsize // FRAME) if (frame := vm.storage.frame_of(page)) is not None}
    found: dict[int, Effect] = {}
    for store in stores:
        page = pages.get(store.absolute & -FRAME)
        if page is None or store.old == store.new or len(store.new) >= FRAME:
            continue
        at = page * FRAME + store.absolute % FRAME
        if not (PSA.CSW <= at < PSA.CSW + 8 or at in _OLD_PSWS):
            found[at] = Effect(f"storage {at:06X}", _hex(store.old), _hex(store.new))
    return list(found.values())[:MOST]


def _hex(data: bytes) -> str:
    return data[:LONGEST].hex(" ", -4).upper() + ("..." if len(data) > LONGEST else "")
