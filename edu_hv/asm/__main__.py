"""Assembles a source and punches its object module: python -m edu_hv.asm part.asm part.obj.

Modules are joined by putting their decks one behind the other: `cat main.obj part.obj > program.obj`.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from edu_hv.asm.assembler import assemble
from edu_hv.asm.deck import punch
from edu_hv.isa.errors import UserError

USAGE = "usage: python -m edu_hv.asm SOURCE.asm DECK.obj"


def main(arguments: Sequence[str]) -> int:
    """0 when the deck is written, else 1 after a message on standard error."""
    if len(arguments) != 2:
        return _failed(USAGE)
    source, deck = map(Path, arguments)
    try:
        deck.write_bytes(punch(assemble(source.read_text(encoding="utf-8"), source.name)))
    except UserError as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"{error.filename} cannot be read or written: {(error.strerror or '').lower()}")
    except UnicodeDecodeError as error:
        return _failed(f"{source} is not text: byte {error.start} is not UTF-8; expected assembler source")
    return 0


def _failed(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
