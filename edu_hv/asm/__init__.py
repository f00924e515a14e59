"""The assembler: source to object code, object code to text, listings and object decks.

The language is that of IBM GC33-4010 *OS/VS-DOS/VS-VM/370 Assembler Language* without its macro language; operation
codes and formats are `edu_hv.isa.table`.  Read next: `assembler`, then `source`, `first_pass` and `second_pass`.
"""
