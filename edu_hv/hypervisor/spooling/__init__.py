"""CP's spooling (DMKVSP, DMKSPL): virtual readers, punches and printers whose cards and lines are kept in spool files.

Begin with `files`, what a spool file is; then `system`, the queues; then `devices`, what a guest drives.
"""
