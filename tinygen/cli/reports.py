"""Beside the terminal: files of a result, and gates. The options of commands that CI runs."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinygen.errors import InputError, TinygenError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tinygen.api.gates import Gate, GateOutcome

_FAIL_IF = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-if",
        metavar="CONDITION",
        help='End with exit code 7 where it is so: "flash > 200000", "accuracy < 0.97". May be '
        "given several times.",
    ),
]
_JUNIT = Annotated[
    Path | None,
    typer.Option("--junit", metavar="FILE", help="Write the result as JUnit XML, too."),
]
_JSON_FILE = Annotated[
    Path | None, typer.Option("--json-file", metavar="FILE", help="Write what --json prints, too.")
]
_CSV = Annotated[
    Path | None,
    typer.Option("--csv", metavar="FILE", help="Write the figures as CSV, too: a row an output."),
]
_MARKDOWN = Annotated[
    Path | None,
    typer.Option(
        "--markdown", metavar="FILE", help="Write the report as Markdown, for a comment, too."
    ),
]
_OPTIONS = {
    "fail_if": _FAIL_IF,
    "junit": _JUNIT,
    "json_file": _JSON_FILE,
    "csv": _CSV,
    "markdown": _MARKDOWN,
}


@dataclass(frozen=True)
class Reports:
    """What else a command makes of its result, and when it fails."""

    command: str = ""
    fail_if: Sequence[str] = ()
    junit: Path | None = None
    json_file: Path | None = None
    csv: Path | None = None
    markdown: Path | None = None

    @property
    def given(self) -> bool | None:
        """Whether there is anything to do; None where not."""
        return any((self.fail_if, self.junit, self.json_file, self.csv, self.markdown)) or None

    def gates(self, kind: type) -> tuple[Gate, ...]:
        """The gates for results of this type. InputError for one that is none, and for files in
        folders that there are not: both before any work."""
        for file in (self.junit, self.json_file, self.csv, self.markdown):
            if file is not None and not file.parent.is_dir():
                raise InputError(
                    f"'{file}' cannot be written",
                    why=f"there is no folder '{file.parent}'",
                    next_step="make the folder first",
                )
        if not self.fail_if:
            return ()
        from tinygen.api.gates import parse

        return parse(self.fail_if, kind)

    def write(
        self, result: Any, outcomes: Sequence[GateOutcome], page: RenderableType, made: object
    ) -> None:
        """The files: `page` is the report with its gates, `made` what --json prints."""
        if self.json_file is not None:
            self._write_json(made)
        if self.csv is not None:
            from tinygen.report.csv import write_csv

            write_csv(self.csv, result)
        if self.markdown is not None:
            from tinygen.report.markdown import markdown

            self.markdown.write_text(markdown(f"tinygen {self.command}", page), "utf-8")
        if self.junit is not None:
            from tinygen.report.blocks import plain
            from tinygen.report.junit import write_junit

            write_junit(self.junit, self.command, result, outcomes, plain(page))

    def write_error(self, error: TinygenError) -> None:
        """The files of a command that did not come to a result; of figures there are none."""
        if self.json_file is not None:
            self._write_json(error.to_dict())
        if self.markdown is not None:
            from tinygen.report.markdown import markdown

            title = f"tinygen {self.command}: error"
            self.markdown.write_text(markdown(title, f"{error}"), "utf-8")
        if self.junit is not None:
            from tinygen.report.junit import write_junit_error

            write_junit_error(self.junit, self.command, error)

    def _write_json(self, made: object) -> None:
        from tinygen.report.json import versioned

        assert self.json_file is not None
        text = json.dumps(versioned(made), indent=2, allow_nan=False)
        self.json_file.write_text(f"{text}\n", "utf-8")


NONE = Reports()


def with_reports(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose parameter `reports` is a `Reports`, as one that has an option for each."""
    signature = inspect.signature(command, eval_str=True)

    @functools.wraps(command)
    def call(**values: Any) -> None:
        given = {name: values.pop(name) for name in _OPTIONS}
        given["fail_if"] = tuple(given["fail_if"] or ())
        command(reports=Reports(command.__name__, **given), **values)

    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name != "reports":
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        parameters += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
            for name, kind in _OPTIONS.items()
        ]
    call.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {p.name: p.annotation for p in parameters}
    return call
