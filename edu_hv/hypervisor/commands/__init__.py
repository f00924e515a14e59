"""CP's commands, a module a group.  Importing the package defines them all; `run_command` runs one."""

from edu_hv.hypervisor.commands import (
    assist,
    control,
    define,
    devices,
    indicate,
    link,
    operate,
    options,
    query,
    settings,
    spool,
    spool_files,
    storage,
    store,
    trace,
    users,
)
from edu_hv.hypervisor.commands.registry import Answer, run_command

__all__ = [
    "Answer",
    "assist",
    "control",
    "define",
    "devices",
    "indicate",
    "link",
    "operate",
    "options",
    "query",
    "run_command",
    "settings",
    "spool",
    "spool_files",
    "storage",
    "store",
    "trace",
    "users",
]
