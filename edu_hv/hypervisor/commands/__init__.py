"""CP's commands, a module a group.  Importing the package defines them all; `run_command` runs one."""

from edu_hv.hypervisor.commands import control, query, storage
from edu_hv.hypervisor.commands.registry import Answer, run_command

__all__ = ["Answer", "control", "query", "run_command", "storage"]
