"""What the instructions do, a file a family.  The CPU reads them through `registry`."""

from edu_hv.machine.instructions import (  # noqa: F401  (importing a family registers its functions)
    arithmetic,
    branch,
    compare,
    control,
    convert,
    edit,
    floating_load,
    interruptible,
    io,
    load_store,
    logical,
    move,
    shift,
    status,
    translate,
)
