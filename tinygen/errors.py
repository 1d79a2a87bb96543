"""Every failure tinygen reports, as a tree.

    TinygenError
    ├── InputError            exit 2   a file, an option or a model that cannot be used
    │   ├── UsageError                 a command line that is not understood
    │   ├── UntrustedModel             the model would run code of its own
    │   ├── UntrustedProject           the project or the board file would run programs
    │   └── UnsupportedModel           an operator, type or shape outside what is compiled
    │       └── UnsupportedOperators   all operators that are not compiled, by name
    ├── DoesNotFit            exit 3   flash, RAM or arena: needs, has, what would help
    ├── Mismatch              exit 4   the device computes something else than the host
    ├── ToolchainError        exit 5   PlatformIO, a compiler or an emulator is missing or failed
    └── DeviceError           exit 6   no port, no answer, wrong firmware

The class knows the exit code; the instance says what happened, why, and what to do next.
Exit code 0 is success and 1 a bug in tinygen itself (a traceback); 7 is a good result that a gate
(`--fail-if`) refuses.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from typing import ClassVar

_DISK = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO, errno.EACCES, errno.EPERM),
    *(errno.ENAMETOOLONG, errno.EMFILE, errno.ENFILE),
}


class TinygenError(Exception):
    """A failure that is the user's to act on.

    `what` is one sentence without a full stop, `why` says more (may span lines), `next_step`
    is what to do or the command to run next.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, why: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.next_step = next_step

    def __str__(self) -> str:
        """All of it, for a traceback or a notebook."""
        more = (("why", self.why), ("next", self.next_step))
        return "\n".join([self.what, *(f"  {label}: {text}" for label, text in more if text)])

    def to_dict(self) -> dict[str, object]:
        """The error as `--json` prints it."""
        return {
            "error": type(self).__name__,
            "exit_code": self.exit_code,
            "what": self.what,
            "why": self.why,
            "next_step": self.next_step,
        }


class InputError(TinygenError):
    """A file, an option or a model that cannot be used as given."""

    exit_code = 2


class UsageError(InputError):
    """A command line that is not understood."""


class UntrustedModel(InputError):
    """The model file would run code of its own when it is opened."""


class UntrustedProject(InputError):
    """A project folder or a board file that is not the user's own would run programs here."""


class EditedFiles(InputError):
    """A project holds generated files that a person has edited since."""


class UnsupportedModel(InputError):
    """The model needs an operator, a type or a shape that tinygen does not compile."""


class UnsupportedOperators(UnsupportedModel):
    """All operators of a model that tinygen does not compile."""

    def __init__(self, model: str, operators: Mapping[str, Sequence[str]]) -> None:
        """`operators`: TFLite's names, and for each what its outputs are called."""
        self.model = model
        self.operators = operators
        several = len(operators) > 1
        super().__init__(
            f"'{model}' has {'operators' if several else 'an operator'} that tinygen does not"
            f" compile: {', '.join(operators)}",
            why="\n".join(f"{kind} makes {listed(names)}" for kind, names in operators.items()),
            next_step="`tinygen ops` lists those that are compiled; replace the layers that make"
            f" {'these' if several else 'it'}, or cut the model before them",
        )


_LISTED = 3


def listed(names: Sequence[str]) -> str:
    """The first of the names, and how many more there are."""
    shown = ", ".join(f"'{name}'" for name in names[:_LISTED])
    more = len(names) - _LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def disk_error(error: OSError) -> InputError | None:
    """The error for a disk that is full, read-only or failing, or a right or limit of the system's;
    None where it is none of these."""
    if error.errno not in _DISK or isinstance(error, ConnectionError):
        return None
    return InputError(
        f"{error.filename or 'a file'}: {os.strerror(error.errno)}",
        why="the system refused it: the disk, a limit, or the rights of this user",
        next_step="make room there or get the right, or name another place (--out, TINYGEN_CACHE, "
        "TMPDIR)",
    )


class DoesNotFit(TinygenError):
    """The firmware needs more memory than the board has."""

    exit_code = 3


class Mismatch(TinygenError):
    """The device's outputs differ from the oracle's."""

    exit_code = 4


class ToolchainError(TinygenError):
    """PlatformIO, a compiler or an emulator is missing or failed."""

    exit_code = 5


class DeviceError(TinygenError):
    """The device cannot be reached, does not answer, or runs something else."""

    exit_code = 6
