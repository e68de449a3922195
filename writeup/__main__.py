"""`python -m writeup` is the `writeup` program."""

import sys

if __name__ == "__main__":  # a process that a program spawns reads this file, too, and needs nothing of it
    try:
        from writeup.cli import main
    except KeyboardInterrupt:  # the import takes a second
        sys.exit(130)
    main()
