"""docs/reference/gates.md: the short names of figures that --fail-if knows."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tinygen.api.gates import NAMES

_PAGE = """# Gates

`--fail-if "NAME SIGN NUMBER"` of `inspect`, `build`, `verify`, `profile` and `bench` ends with exit
code 7 where it is so. A sign is one of `<` `<=` `>` `>=` `==` `!=`; a number may be written
`200_000` or `3e6`. A name is one of these, or any number of the command's result by its path as the
[schema](json.md) has it: `outputs.0.device.rmse_lsb`. In a path `*` is each of several, of which
one is enough to fail. In Python: `tinygen.gates(result, "flash > 200000")`.

"""


def gate_table() -> str:
    """The page."""
    return _PAGE + "\n".join(_tables())


def _tables() -> Iterator[str]:
    for kind, names in NAMES.items():
        command = kind.__name__.removesuffix("Result").lower()
        yield f"## {command}\n\n| name | in the result |\n|---|---|"
        yield from (f"| `{name}` | `{path}` |" for name, path in names.items())
        yield ""


if __name__ == "__main__":
    sys.stdout.write(gate_table())
