"""Debugger commands, a file a group.  `registry` says what a command is; importing this package fills it."""

from edu_hv.debugger.commands import (  # noqa: F401
    alter,
    breakpoints,
    comparing,
    cost,
    dialect,
    explaining,
    gdb,
    help,
    history,
    hypervisor,
    info,
    inspect,
    machine,
    microscope,
    run,
    trace,
    users,
    xraying,
)
