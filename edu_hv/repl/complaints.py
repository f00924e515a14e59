"""How the `edu-hv` command says outside the prompt that something is wrong."""

import errno
import sys


def complain(sentence: str) -> None:
    """Say it on standard error.  Control characters, which a file may have brought in, command no terminal."""
    shown = "".join(c if c.isprintable() or c == "\n" else "." for c in sentence)
    print(f"edu-hv: {shown}", file=sys.stderr)


FULL = "what there is to show cannot be written: no space is left where it goes"


def is_full(error: BaseException) -> bool:
    """Whether something could not be written for want of space, which is nobody's defect."""
    return isinstance(error, OSError) and error.errno == errno.ENOSPC
