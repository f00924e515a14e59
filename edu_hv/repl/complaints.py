"""How the `edu-hv` command says outside the prompt that something is wrong."""

import sys


def complain(sentence: str) -> None:
    """Say it on standard error.  Control characters, which a file may have brought in, command no terminal."""
    shown = "".join(c if c.isprintable() or c == "\n" else "." for c in sentence)
    print(f"edu-hv: {shown}", file=sys.stderr)
