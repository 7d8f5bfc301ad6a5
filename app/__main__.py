"""`python -m app` and `inglenook`: nothing heavy here, a spawned child imports this module too."""

from __future__ import annotations

import multiprocessing
import sys


def main() -> int:
    """Entry point; returns the exit code."""
    multiprocessing.freeze_support()
    from app.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
