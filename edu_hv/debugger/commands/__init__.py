"""Debugger commands, a file a group.  `registry` says what a command is; importing this package fills it."""

from edu_hv.debugger.commands import breakpoints, help, hypervisor, inspect, machine, run, users  # noqa: F401
