"""The command `tinygen`, also as `python -m tinygen`."""

import os
import sys


def main() -> None:
    """Run the command line. What lies in the current folder is not imported: `python -m` and an
    empty entry in PYTHONPATH would have it before the standard library."""
    try:
        here = os.getcwd()  # noqa: PTH109 - nothing may be imported before this
    except OSError:  # it has been removed
        here = ""
    sys.path[:] = [entry for entry in sys.path if entry not in ("", ".", here)]
    from tinygen import interruption

    try:
        interruption.listen()
        from tinygen.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        interruption.over()
    except SystemExit:
        if not interruption.over():
            raise
    print("\ninterrupted", file=sys.stderr)
    sys.exit(interruption.EXIT_CODE)


if __name__ == "__main__":
    main()
