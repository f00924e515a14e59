"""What SPOOL, and CLOSE for one file, set on a virtual unit record device.  GC20-1820 "SPOOL"."""

from dataclasses import dataclass

ANY_CLASS = "*"
"""A reader of this class takes files of all classes."""


@dataclass(frozen=True, slots=True)
class SpoolOptions:
    """The options of one device.  Immutable: a command gives the device another."""

    sfbclas: str = "A"
    hold: bool = False
    cont: bool = False
    copies: int = 1
    to: str = ""
    """Userid whose reader gets the output; "" for none."""
    for_user: str = ""
    """Userid in whose name the output is printed or punched; "" for the device's own."""
    eof: bool = True
    dist: str = ""
    """Distribution code, of the directory or of CLOSE."""
    name: tuple[str, str] = ("", "")
    """Filename and filetype, or a data set name and ""; CLOSE sets it for one file."""
    tag: str = ""


READER_OPTIONS = SpoolOptions(sfbclas=ANY_CLASS)
"""NOHOLD NOCONT CLASS * EOF."""
OUTPUT_OPTIONS = SpoolOptions()
"""NOHOLD NOCONT CLASS A OFF COPY 01."""
CONSOLE_OPTIONS = SpoolOptions(sfbclas="T")
"""NOHOLD NOCONT CLASS T OFF COPY 01; TERM is the console's own."""
