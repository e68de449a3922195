"""`python -m writeup` is the `writeup` program."""

from writeup.cli import main

if __name__ == "__main__":
    main()
