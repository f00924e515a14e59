"""The instruction set as data: formats, the operation table, the names of codes and bits.

Nothing here executes.  The CPU, the assembler, the disassembler, CP and the help texts all read these tables.
Read next: `formats`, then `table`, then `codes`.
"""
