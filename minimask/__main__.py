"""`python -m minimask` is the command `minimask`."""

import sys

from minimask.cli import main

if __name__ == "__main__":
    sys.exit(main())
