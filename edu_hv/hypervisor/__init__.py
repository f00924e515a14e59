"""CP, the control program: it decides what a trap means and carries the decision out.

Named after VM/370's modules and control blocks.  Read next: `vmblok`, `decisions`, `program`, `control_program`.
"""
