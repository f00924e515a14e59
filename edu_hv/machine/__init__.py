"""The System/370 machine.  It knows no hypervisor and no debugger.

Read next: `psw`, `cpu`, `instructions`, then `machine` for the order of things.
"""
