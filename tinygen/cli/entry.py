"""The command `tinygen`: the one place where an error becomes text and an exit code."""

from __future__ import annotations

import io
import sys
import traceback
from types import TracebackType

import typer

from tinygen.cli.app import app
from tinygen.errors import TinygenError, UsageError, disk_error
from tinygen.interruption import EXIT_CODE, Interrupted
from tinygen.printable import printable

_NOT_UNDERSTOOD: type[Exception] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)
"""What Typer raises for a command line that it does not understand; it quotes what was typed."""


def main() -> None:
    """Run the command line that this process was started with, and end it.

    KeyboardInterrupt where the user interrupted it.
    """
    from tinygen.cli.terminal import prepare

    prepare()
    sys.excepthook = _show_bug
    try:
        code = app(prog_name="tinygen", standalone_mode=False)
    except _NOT_UNDERSTOOD as error:
        _show_usage(error)
        sys.exit(error.exit_code)  # type: ignore[attr-defined]
    except TinygenError as error:
        _show_error(error)
        sys.exit(error.exit_code)
    except OSError as error:
        if (told := disk_error(error)) is None:
            raise
        _show_error(told)
        sys.exit(told.exit_code)
    except typer.Abort:
        code = EXIT_CODE
    if code == EXIT_CODE:
        raise Interrupted
    sys.exit(code if isinstance(code, int) else 0)


def _show_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A traceback, whose last line may quote a file."""
    text = "".join(traceback.format_exception(kind, error, trace))
    print(printable(text, keep="\n"), end="", file=sys.stderr)


def _show_usage(error: Exception) -> None:
    """What Typer says of a command line, to a person or to a program."""
    said = io.StringIO()
    error.show(file=said)  # type: ignore[attr-defined]
    text = said.getvalue().rstrip("\n")
    if "--json" not in sys.argv:
        print(printable(text, keep="\n"), file=sys.stderr)
        return
    *usage, what = text.split("\n")
    told = UsageError(what.removeprefix("Error: "), next_step=" ".join(usage[1:]).strip())
    _show_error(told)


def _show_error(error: TinygenError) -> None:
    if "--json" in sys.argv:
        from tinygen.report import print_json

        print_json(error.to_dict())
        return
    print(f"error: {printable(error.what)}", file=sys.stderr)
    for label, text in (("why", error.why), ("next", error.next_step)):
        for i, line in enumerate(printable(text, keep="\n").split("\n") if text else ()):
            print(f"  {label + ':' if i == 0 else '':6}{line}", file=sys.stderr)
