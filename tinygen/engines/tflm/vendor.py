"""Which files of a vendor's library a model's kernels need, by the functions they name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tinygen.engines.tflm.kernel_sets import Vendor
from tinygen.engines.tflm.upstream import Upstream

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_MAPPED = re.compile(r"^#define[ \t]+(\w+)(?:\(\w*\))?[ \t]+(\w+)[ \t]*$", re.MULTILINE)
_GLOBAL = re.compile(r"^\s*\.global\s+(\w+)", re.MULTILINE)
_LABEL = re.compile(r"^\s*(\w+):", re.MULTILINE)


class VendorFiles:
    """The files of one vendor's library, indexed by the functions and tables they define.

    `mapped` says which function of the chip a general name stands for.
    """

    def __init__(self, upstream: Upstream, vendor: Vendor) -> None:
        self._upstream = upstream
        self._name = re.compile(rf"\b{vendor.prefix}\w+")
        body = rf"\b({vendor.prefix}\w+)\s*\([^;{{}}]*\)\s*\{{"
        self._global = re.compile(rf"^(?!static\b|extern\b)[A-Za-z_][\w \t*]*?{body}", re.MULTILINE)
        self._static = re.compile(rf"^static\b[\w \t*]*?{body}", re.MULTILINE)
        self.mapped: Mapping[str, str] = (
            dict(_MAPPED.findall(upstream.text(vendor.names))) if vendor.names else {}
        )
        self._defined = {
            name: path
            for path in upstream.files(vendor.sources, (".c", ".S"))
            for name in self._definitions(path)
        }

    def needed(self, users: Iterable[str]) -> set[str]:
        """The source files whose functions these files use, and the ones those use."""
        found: set[str] = set()
        waiting = list(users)
        while waiting:
            code = self._code(waiting.pop())
            names = set(self._name.findall(code)) - set(self._static.findall(code))
            names |= {self.mapped[name] for name in names & self.mapped.keys()}
            new = {self._defined[name] for name in names & self._defined.keys()} - found
            found |= new
            waiting += new
        return found

    def closed(self, names: Iterable[str]) -> dict[str, str]:
        """The texts of these C functions and of the ones they call, by name."""
        found: dict[str, str] = {}
        waiting = [name for name in names if name in self._defined]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = self._text(name)
                called = self._name.findall(_COMMENT.sub("", found[name]))
                waiting += [other for other in called if other in self._defined]
        return dict(sorted(found.items()))

    def _text(self, name: str) -> str:
        code = self._code(self._defined[name])
        start = next(m.start() for m in self._global.finditer(code) if m[1] == name)
        return code[start : code.index("\n}", start) + 2] + "\n"

    def _definitions(self, path: str) -> Iterable[str]:
        if path.endswith("tables.c"):  # tables are data: every name in their file is theirs
            stem = path.rsplit("/", 1)[1].removesuffix(".c")
            return set(self._name.findall(self._code(path))) - {stem}
        if path.endswith(".S"):
            # `.global` also announces a name that the file uses and another one defines.
            code = self._code(path)
            return set(_GLOBAL.findall(code)) & set(_LABEL.findall(code))
        return self._global.findall(self._code(path))

    def _code(self, path: str) -> str:
        return _COMMENT.sub("", self._upstream.text(path))
