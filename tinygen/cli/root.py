"""The command `tinygen` itself, and how a command's result becomes text or JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinygen.cli.question import asked
from tinygen.cli.reports import NONE, Reports
from tinygen.errors import TinygenError
from tinygen.printable import shown

if TYPE_CHECKING:
    from tinygen.progress import Progress

app = typer.Typer(
    name="tinygen",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="From a trained Keras model to microcontroller firmware, proven on the device.",
    epilog="Exit codes: 0 done, 1 a bug in tinygen, 2 input, 3 does not fit, 4 mismatch, "
    "5 toolchain, 6 device, 7 a gate (--fail-if).",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        print(f"tinygen {metadata.version('tinygen')}")
        raise typer.Exit


def _print_schema(wanted: bool) -> None:
    if wanted:
        from tinygen.report.json import print_text
        from tinygen.report.schema import results_schema

        print_text(results_schema())
        raise typer.Exit


@app.callback()
def _tinygen(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    json_schema: Annotated[
        bool,
        typer.Option(
            "--json-schema",
            callback=_print_schema,
            is_eager=True,
            help="Print the JSON schema of what --json prints.",
        ),
    ] = False,
) -> None:
    pass


def run_command(
    call: Callable[[Progress, bool], Any],
    report: Callable[[Any], Any],
    json: bool,
    trust_project: bool = False,
    *,
    reports: Reports = NONE,
    kind: type = object,
) -> Any:
    """The one place where a result becomes text, JSON or files. `call` gets a listener, and whether
    the user trusts the project, of which they may be asked. A result, of the type `kind`, that a
    gate of `reports` refuses ends with its own exit code, where the verdict has none."""
    gates = reports.gates(kind)
    try:
        result = attempted(call, json, trust_project)
    except TinygenError as error:
        reports.write_error(error)
        raise
    if reports is NONE:
        show(result, report, json)
        return result
    from tinygen.api.gates import EXIT_CODE, judge
    from tinygen.report.json import to_json
    from tinygen.report.text import with_gates

    outcomes = judge(gates, result)
    made = to_json(result) | ({"gates": to_json(outcomes)} if gates else {})
    page = with_gates(report(shown(result)), outcomes)
    show(made, lambda _: page, json)
    reports.write(result, outcomes, page, made)
    if code := getattr(result, "exit_code", 0):
        raise typer.Exit(code)
    if any(outcome.failed for outcome in outcomes):
        raise typer.Exit(EXIT_CODE)
    return result


def attempted(call: Callable[[Progress, bool], Any], json: bool, trust_project: bool) -> Any:
    """What `call` gives, while its progress is shown."""
    from tinygen.cli.progress import Listener

    def attempt(trust: bool) -> Any:
        with Listener(quiet=json) as listener:
            return call(listener, trust)

    return asked(attempt, trust_project)


def show(result: Any, report: Callable[[Any], Any], json: bool) -> None:
    """Print a result, also to somebody who stops reading."""
    from tinygen.cli.terminal import reader_may_leave
    from tinygen.report import print_json, print_report

    with reader_may_leave():
        if json:
            print_json(result)
        else:
            print_report(report(shown(result)))
