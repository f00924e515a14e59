"""`python -m edu_hv` is the `edu-hv` command."""

import sys

from edu_hv.repl.app import main

if __name__ == "__main__":
    sys.exit(main())
