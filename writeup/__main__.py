"""`python -m writeup` is the `writeup` program."""

import sys

try:
    from writeup.cli import main
except KeyboardInterrupt:  # the import takes a second
    sys.exit(130)

if __name__ == "__main__":
    main()
