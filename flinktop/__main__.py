"""`python -m flinktop`: the same as the command flinktop."""

import sys

from flinktop.cli import main

if __name__ == "__main__":
    sys.exit(main())
