"""Views of a session: the machine's values taken out as plain ones to show.  Nothing here changes anything."""

from edu_hv.debugger.viewing.code import code
from edu_hv.debugger.viewing.counters import counters
from edu_hv.debugger.viewing.decided import decisions
from edu_hv.debugger.viewing.devices import devices
from edu_hv.debugger.viewing.history import LogWords
from edu_hv.debugger.viewing.registers import psw, registers
from edu_hv.debugger.viewing.status import queue_word, stage_reason, state_words, status
from edu_hv.debugger.viewing.storage import real_storage, storage
from edu_hv.debugger.viewing.trap import xray

__all__ = [
    "LogWords",
    "code",
    "counters",
    "decisions",
    "devices",
    "psw",
    "queue_word",
    "real_storage",
    "registers",
    "stage_reason",
    "state_words",
    "status",
    "storage",
    "xray",
]
