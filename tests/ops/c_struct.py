"""Holds a kernel call against the C struct it fills.

A designated initialiser leaves a field that nobody named at zero, silently. Here the names must
be exactly equal, and so must the lengths of arrays inside the struct.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tinygen.ir import KernelCall

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_DECLARATOR = re.compile(r"(?P<pointer>\*?)\s*(?P<name>\w+)\s*(?:\[(?P<length>\w+)\])?\s*$")


def header(kernel: str, kernels: Path) -> Path:
    """The header of the portable kernel."""
    return kernels / "portable" / f"tg_{kernel}.h"


@cache
def fields(text: str, kernel: str) -> dict[str, tuple[bool, str | None]]:
    """Field name -> (is a pointer, array length as written or None) of the params struct."""
    plain = _COMMENT.sub(" ", text)
    match = re.search(rf"\bstruct\s+tg_{kernel}_params\s*\{{(.*?)\}}\s*;", plain, re.DOTALL)
    assert match, f"tg_{kernel}.h does not define struct tg_{kernel}_params"
    found: dict[str, tuple[bool, str | None]] = {}
    for line in match.group(1).split(";"):
        for declarator in line.strip().split(","):
            if not declarator.strip():
                continue
            part = _DECLARATOR.search(declarator)
            assert part, f"tg_{kernel}.h: cannot read the field '{declarator.strip()}'"
            assert part["name"] not in found, f"tg_{kernel}.h: {part['name']} twice"
            found[part["name"]] = (bool(part["pointer"]), part["length"])
    return found


def check_fields(call: KernelCall, kernels: Path) -> None:
    """Assert that `call` fills every field of its struct and no other."""
    path = header(call.kernel, kernels)
    assert path.is_file(), f"there is no kernel {path.name}"
    declared = fields(path.read_text(encoding="utf-8"), call.kernel)
    given = {*call.params, *call.constants}
    assert len(given) == len(call.params) + len(call.constants), f"{call.kernel}: filled twice"
    missing, unknown = set(declared) - given, given - set(declared)
    assert not missing, f"{call.kernel}: nobody fills {sorted(missing)}"
    assert not unknown, f"{call.kernel}: the struct has no {sorted(unknown)}"
    for name, value in call.params.items():
        pointer, length = declared[name]
        assert not pointer, f"{call.kernel}.{name} is a pointer, filled with a number"
        assert (length is not None) == isinstance(value, tuple), f"{call.kernel}.{name}: array?"
        if isinstance(value, tuple) and length is not None and length.isdigit():
            assert len(value) == int(length), f"{call.kernel}.{name} holds {length}"
    for name in call.constants:
        assert declared[name][0], f"{call.kernel}.{name} is no pointer"
