"""Each view as plain lines of text.  A module for each family of views; `lines` has the common ones.

A module registers its functions with `lines_of.register` and is imported here.
"""

from edu_hv.debugger.text import (  # noqa: F401
    comparing,
    costs,
    examined,
    explaining,
    forking,
    microscope,
    recordings,
    stops,
    tracing,
    writers,
)
from edu_hv.debugger.text.lines import CODE_MARKS, as_lines, code_line, compared, console_lines, table, wrap

__all__ = ["CODE_MARKS", "as_lines", "code_line", "compared", "console_lines", "table", "wrap"]
