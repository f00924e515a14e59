"""The debugger: `session.DebugSession` is the only door for faces, lessons and scripts.

Read next: `system` (what is loaded), `timetravel`, `journal`, `views`, then `commands`.
"""

from edu_hv.debugger.session import DebugSession

__all__ = ["DebugSession"]
