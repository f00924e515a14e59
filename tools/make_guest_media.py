#!/usr/bin/env python3
"""Write the tapes that the guests read, edu_hv/guests/*.aws.  Run it from the checkout after changing a text below.

The texts are the blocks, in EBCDIC (code page 037); two tape marks end each tape, as on any tape without more files.
The kernel reads blocks of at most 120 bytes.
"""

import sys
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
sys.path.insert(0, str(CHECKOUT))

from edu_hv.devices.tape import aws_image  # noqa: E402

TAPES = {
    "welcome.aws": [
        "VOLUME WELCOM, THREE BLOCKS OF TEXT",
        "THIS BLOCK CAME FROM TAPE INTO THE STORAGE OF TASK A, UNDER KEY 1",
        "EACH READ IS CHAINED TO A COMMAND BEFORE IT: A REWIND ONCE, THEN NO-OPS",
        "NO TWO BLOCKS HAVE THE SAME LENGTH: THE RESIDUAL COUNT IN THE CSW TELLS IT",
    ],
    "second.aws": [
        "VOLUME SECOND, TWO BLOCKS OF TEXT",
        "ANOTHER TAPE, ON A DRIVE THAT IS ALSO CALLED 181",
        "EACH VIRTUAL MACHINE HAS ITS OWN 181 AND CANNOT NAME ANY OTHER",
    ],
}


def image(texts: list[str]) -> bytes:
    """The AWS image of a tape with these texts."""
    return aws_image([*(text.encode("cp037") for text in texts), None, None])


def main() -> None:
    """Write every tape."""
    for name, texts in TAPES.items():
        path = CHECKOUT / "edu_hv" / "guests" / name
        path.write_bytes(image(texts))
        print(f"{path.relative_to(CHECKOUT)}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
