"""The I/O devices.  Each knows its cards, paper or tape, and neither the channel, the CPU nor a host file.

Read next: `device`, then `unit_record` and `punch`, the smallest of them.  `catalog` lists them all.
"""
