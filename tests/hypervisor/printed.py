"""What CP itself has put on a guest's virtual printer: DUMP, and TRACE and PER with PRINTER."""

from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.spooling.files import file_records
from edu_hv.hypervisor.vmblok import VMBLOK
from tests.hypervisor.bench import Bench


def printed(made: Bench, vm: VMBLOK) -> list[str]:
    """The lines of the printer's file, which is closed for that."""
    run_command(made.cp, vm, "CLOSE PRT")
    spool = made.cp.spool
    (sfblok,) = spool.files("PRT", vm.vmuser)
    lines = (record.data for record in file_records(spool.space, sfblok.pages))
    return [line.decode("cp037").rstrip() for line in lines if line is not None]
