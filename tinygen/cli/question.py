"""Asking on a terminal before what somebody else wrote runs; elsewhere it does not run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import typer

from tinygen.errors import UntrustedProject
from tinygen.printable import printable

T = TypeVar("T")


def asked(call: Callable[[bool], T], trusted: bool) -> T:
    """What `call` gives when it is told whether the user trusts the project.

    On a terminal it is called again once the user says yes. Raises UntrustedProject otherwise.
    """
    try:
        return call(trusted)
    except UntrustedProject as error:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise
        print(f"{printable(error.what)}:", file=sys.stderr)
        for line in printable(error.why, keep="\n").split("\n"):
            print(f"  {line}", file=sys.stderr)
        if not typer.confirm("Do you trust that, and may it run?", err=True):
            raise
    return call(True)
