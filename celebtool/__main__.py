"""``python -m celebtool`` is ``celebtool``."""

from celebtool.cli import main

if __name__ == "__main__":
    main()
