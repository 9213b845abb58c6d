"""`python -m splitspec` is the command `splitspec`."""

from splitspec.cli import main

if __name__ == "__main__":
    main()
