"""Holds a kernel call against the C struct it fills.

A designated initialiser leaves a field that nobody named at zero, silently. Here the names must
be exactly equal, and so must the lengths of arrays inside the struct.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tinygen import csource
from tinygen.ir import Kernel, KernelCall

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_DECLARATOR = re.compile(r"(?P<pointer>\*?)\s*(?P<name>\w+)\s*(?:\[(?P<length>\w+)\])?\s*$")


def header(kernel: Kernel, kernels: Path) -> Path:
    """The kernel's header in the folder `kernels`."""
    return kernels / csource.kernel_header(kernel)


@cache
def fields(text: str, kernel: Kernel) -> dict[str, tuple[bool, str | None]]:
    """Field name -> (is a pointer, array length as written or None) of the params struct."""
    plain = _COMMENT.sub(" ", text)
    struct = f"{csource.kernel_symbol(kernel)}_params"
    match = re.search(rf"\bstruct\s+{struct}\s*\{{(.*?)\}}\s*;", plain, re.DOTALL)
    assert match, f"{csource.kernel_header(kernel)} does not define struct {struct}"
    found: dict[str, tuple[bool, str | None]] = {}
    for line in match.group(1).split(";"):
        for declarator in line.strip().split(","):
            if not declarator.strip():
                continue
            part = _DECLARATOR.search(declarator)
            assert part, f"{struct}: cannot read the field '{declarator.strip()}'"
            assert part["name"] not in found, f"{struct}: {part['name']} twice"
            found[part["name"]] = (bool(part["pointer"]), part["length"])
    return found


def check_fields(call: KernelCall, kernels: Path) -> None:
    """Assert that `call` fills every field of its struct and no other, in the order of the fields:
    C++ takes no other."""
    path = header(call.kernel, kernels)
    symbol = csource.kernel_symbol(call.kernel)
    assert path.is_file(), f"there is no kernel {csource.kernel_header(call.kernel)}"
    declared = fields(path.read_text(encoding="utf-8"), call.kernel)
    given = {*call.params, *call.constants}
    assert len(given) == len(call.params) + len(call.constants), f"{symbol}: filled twice"
    missing, unknown = set(declared) - given, given - set(declared)
    assert not missing, f"{symbol}: nobody fills {sorted(missing)}"
    assert not unknown, f"{symbol}: the struct has no {sorted(unknown)}"
    order = [*call.params, *call.constants]
    assert order == [*declared], f"{symbol}: filled as {order}, declared as {[*declared]}"
    for name, value in call.params.items():
        pointer, length = declared[name]
        assert not pointer, f"{symbol}.{name} is a pointer, filled with a number"
        assert (length is not None) == isinstance(value, tuple), f"{symbol}.{name}: array?"
        if isinstance(value, tuple) and length is not None and length.isdigit():
            assert len(value) == int(length), f"{symbol}.{name} holds {length}"
    for name in call.constants:
        assert declared[name][0], f"{symbol}.{name} is no pointer"
