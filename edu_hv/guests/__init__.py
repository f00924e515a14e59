"""Our guest operating systems: assembler source, tapes for them, and the catalogue that punches decks to IPL from.

`kernel.asm` is the one to read; `loader.asm` brings it in; `object_loader.asm` joins object modules.  The Python side
is `catalog`.
"""
