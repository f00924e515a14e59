"""The displays of the bare machine, for a face that has terminals: what they show, and what is done at them.

What is done at a terminal is an input like any other: it is in the journal, and in the past it begins another future.
"""

from typing import TYPE_CHECKING

from edu_hv.debugger.system import TERMINAL_OFF
from edu_hv.devices.display import KEY_NAMES, Display
from edu_hv.isa.errors import UserError

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession


def displays(session: "DebugSession") -> dict[int, Display]:
    """The displays by device address, to be looked at only.  Under CP they are CP's, and there are none."""
    system = session.system
    if system.cp is not None:
        return {}
    return {at: one for at, one in system.machine.channels.devices.items() if isinstance(one, Display)}


def display(session: "DebugSession", address: int) -> Display:
    """One display.  Raises UserError when there is none at the address."""
    found = displays(session).get(address)
    if found is None:
        raise UserError(f"there is no display {address:03X}; configuration shows what is attached")
    return found


def switch_on(session: "DebugSession", address: int) -> None:
    """The power of a display goes on, if it is off."""
    if not display(session, address).connected:
        session.give("terminal", "on", device=address)


def switch_off(session: "DebugSession", address: int) -> None:
    """The power of a display goes off, if it is on."""
    if display(session, address).connected:
        session.give("terminal", TERMINAL_OFF, device=address)


def press(session: "DebugSession", address: int, data: bytes) -> None:
    """A key that gives attention: `data` is what the terminal sends then, the identification of the key first."""
    session.give("terminal", KEY_NAMES.get(data[0], f"key {data[0]:02X}"), data, address)
