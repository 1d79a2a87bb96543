"""Asking on a terminal before what somebody else wrote runs; elsewhere it does not run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import typer

from tinygen.errors import EditedFiles, TinygenError, UntrustedProject
from tinygen.printable import printable

T = TypeVar("T")


def settled(call: Callable[[str | None], T], edited: str | None) -> T:
    """What `call` gives when it is told what becomes of generated files that were edited.

    On a terminal it is called again once the user has said it. Raises EditedFiles otherwise.
    """
    try:
        return call(edited)
    except EditedFiles as error:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise
        _show(error)
        import click

        from tinygen.project.edited import Edited

        words = click.Choice([what.value for what in Edited])
        answer = typer.prompt("What becomes of them?", type=words, err=True)
    return call(str(answer))


def asked(call: Callable[[bool], T], trusted: bool) -> T:
    """What `call` gives when it is told whether the user trusts the project.

    On a terminal it is called again once the user says yes. Raises UntrustedProject otherwise.
    """
    try:
        return call(trusted)
    except UntrustedProject as error:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise
        _show(error)
        if not typer.confirm("Do you trust that, and may it run?", err=True):
            raise
    return call(True)


def _show(error: TinygenError) -> None:
    print(f"{printable(error.what)}:", file=sys.stderr)
    for line in printable(error.why, keep="\n").split("\n"):
        print(f"  {line}", file=sys.stderr)
