"""What upstream's own files say: which sources there are, which operator lives where, what needs
what. Nothing here names a source file of the core or of an operator.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from tinygen.engines.tflm.source import (
    CMSIS_NN,
    ESP_NN,
    ESP_TFLITE_MICRO,
    ETHOS_U,
    FLATBUFFERS,
    GEMMLOWP,
    RUY,
    TFLITE_MICRO,
    TflmTree,
)
from tinygen.errors import ToolchainError, UnsupportedModel

KERNELS = "tensorflow/lite/micro/kernels"
ROOT_SOURCE = "tensorflow/lite/micro/micro_interpreter.cc"
RESOLVER = "tensorflow/lite/micro/micro_mutable_op_resolver.h"
_SOURCES_INC = "tensorflow/lite/micro/tools/make/sources.inc"

_VARIABLE = re.compile(r"^\s*(\w+)\s*:?=\s*\\?\s*\n((?:.*\\\n)*.*\n)", re.MULTILINE)
_WILDCARD = re.compile(r"\$\(wildcard \$\(TENSORFLOW_ROOT\)(\S+)\)")
_PLAIN = re.compile(r"\$\(TENSORFLOW_ROOT\)(\S+\.cc)\b")
_INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)
_ADD = re.compile(
    r"TfLiteStatus (?P<method>Add\w+)\([^{]*?\)\s*\{\s*return AddBuiltin\(\s*"
    r"BuiltinOperator_(?P<kind>\w+),\s*(?P<argument>[\w:]+)",
)
_ADD_CUSTOM = re.compile(
    r"TfLiteStatus (?P<method>Add\w+)\(\)\s*\{\s*const TFLMRegistration& registration =\s*"
    r"(?:\w+::)*(?P<name>Register_\w+)\(\);\s*return AddCustom\(\"TFLM_(?P<kind>\w+)\"",
)
_DEFAULT = re.compile(r"=\s*(?:\w+::)*(Register_\w+)\(\)")
_DEFINES = re.compile(r"^TFLMRegistration\s*\*?\s*(Register_\w+)\(\)\s*\{", re.MULTILINE)
_DECLARES_INT8 = re.compile(r"^(?:inline )?TFLMRegistration (Register_\w+_INT8)\(\)", re.MULTILINE)
_GUARD = re.compile(r"\A\s*#\s*(?:ifndef|if\s+!defined|pragma\s+once)")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


@dataclass(frozen=True)
class Operator:
    """How an operator gets into the resolver: `resolver.METHOD(REGISTRATION())`."""

    kind: str
    method: str
    registration: str
    int8: tuple[str, str] | None
    """The registration that knows int8 only, and the header that declares it."""


class Upstream:
    """The sources of one tree, indexed. Paths are relative to the project's library."""

    include_folders = ("", *(f"third_party/{name}" for name in ("flatbuffers", "gemmlowp", "ruy")))
    """Where headers are found, relative to the project's library."""

    def __init__(self, tree: TflmTree) -> None:
        self._main = tree.folder(TFLITE_MICRO)
        esp_kernels = f"{KERNELS}/esp_nn/"
        self._roots: tuple[tuple[str, Path], ...] = (
            ("", self._main),
            ("third_party/flatbuffers/", tree.folder(FLATBUFFERS) / "include"),
            ("third_party/gemmlowp/", tree.folder(GEMMLOWP)),
            ("third_party/ruy/", tree.folder(RUY)),
            ("third_party/cmsis_nn/", tree.folder(CMSIS_NN)),
            ("third_party/cmsis_nn/Include/", tree.folder(CMSIS_NN) / "Include"),
            ("third_party/esp_nn/", tree.folder(ESP_NN)),
            ("third_party/esp_nn/include/", tree.folder(ESP_NN) / "include"),
            ("third_party/esp_nn/src/common/", tree.folder(ESP_NN) / "src/common"),
            ("third_party/ethos_u/", tree.folder(ETHOS_U)),
            ("third_party/ethos_u/include/", tree.folder(ETHOS_U) / "include"),
            (esp_kernels, tree.folder(ESP_TFLITE_MICRO) / esp_kernels),
        )
        self._texts: dict[str, bytes] = {}

    def read(self, path: str) -> bytes:
        """The content of a file by its path in the library."""
        if path not in self._texts:
            self._texts[path] = self._file(path).read_bytes()
        return self._texts[path]

    def text(self, path: str) -> str:
        """The file as text."""
        return self.read(path).decode("utf-8", "replace")

    # ---- what upstream compiles ----

    @cached_property
    def kernel_sources(self) -> frozenset[str]:
        """The operators' source files, as upstream lists them."""
        return frozenset(_PLAIN.findall(self._variables["MICROLITE_CC_KERNEL_SRCS"]))

    @cached_property
    def core_sources(self) -> frozenset[str]:
        """All others that upstream compiles into the library."""
        found = {
            path.relative_to(self._main).as_posix()
            for pattern in _WILDCARD.findall(self._variables["MICROLITE_CC_BASE_SRCS"])
            for path in self._main.glob(pattern)
        }
        apart = ("tensorflow/lite/micro/", "tensorflow/lite/experimental/")
        shared = {
            path.relative_to(self._main).as_posix()
            for path in (self._main / "tensorflow").rglob("*.cc")
        }
        found |= {path for path in shared if not path.startswith(apart)}
        excluded = _PLAIN.findall(self._variables["EXCLUDED_TFL_CC_SRCS"])
        return frozenset(p for p in found - set(excluded) if not p.endswith("_test.cc"))

    @cached_property
    def _variables(self) -> dict[str, str]:
        text = self.text(_SOURCES_INC)
        # The first definition is the one for a build with static memory.
        found: dict[str, str] = {}
        for name, value in _VARIABLE.findall(text):
            found.setdefault(name, value)
        for name in ("MICROLITE_CC_KERNEL_SRCS", "MICROLITE_CC_BASE_SRCS", "EXCLUDED_TFL_CC_SRCS"):
            if name not in found:
                raise ToolchainError(f"{_SOURCES_INC} does not define {name}")
        return found

    # ---- operators ----

    @cached_property
    def operators(self) -> dict[str, Operator]:
        """Every builtin operator that the resolver knows, by TFLite's name."""
        found = {}
        for match in _ADD.finditer(self.text(RESOLVER)):
            default = _DEFAULT.search(match[0])
            name = default[1] if default else match["argument"].split("::")[-1]
            found[match["kind"]] = Operator(
                match["kind"], match["method"], name, self._int8.get(f"{name}_INT8")
            )
        for match in _ADD_CUSTOM.finditer(self.text(RESOLVER)):
            found[match["kind"]] = Operator(match["kind"], match["method"], match["name"], None)
        return found

    @cached_property
    def _int8(self) -> dict[str, tuple[str, str]]:
        return {
            name: (name, path)
            for path in self.files(KERNELS, (".h",))
            for name in _DECLARES_INT8.findall(self.text(path))
        }

    def operator(self, kind: str) -> Operator:
        """The operator `kind`, e.g. CONV_2D. UnsupportedModel if TFLM does not know it."""
        if kind not in self.operators:
            raise UnsupportedModel(
                f"TensorFlow Lite Micro has no operator {kind}",
                next_step="replace the layer that makes it, or use --engine aot",
            )
        return self.operators[kind]

    def kernel_source(self, operator: Operator) -> str:
        """The file that defines the operator's registration, of the reference kernels."""
        return self._definitions[operator.registration]

    @property
    def operator_sources(self) -> frozenset[str]:
        """The source files that define an operator, of the reference kernels."""
        return frozenset(self._definitions.values())

    @cached_property
    def _definitions(self) -> dict[str, str]:
        return {
            name: path
            for path in sorted(self.kernel_sources)
            for name in _DEFINES.findall(self.text(path))
        }

    def specialized(self, path: str, folder: str) -> str:
        """`path`, or the file of the same name that replaces it in `folder` of the kernels."""
        own = f"{KERNELS}/{folder}/{PurePosixPath(path).name}"
        replaced = folder and path.startswith(f"{KERNELS}/") and self._exists(own)
        return own if replaced else path

    # ---- what needs what ----

    def closure(
        self, starts: Iterable[str], folder: str, plain: frozenset[str] = frozenset()
    ) -> set[str]:
        """All files needed to build `starts`: headers, and the sources that implement those; of
        the kernels, those in `folder` where it has them, but for the files in `plain`.

        A header's functions are in the source file of its name or in NAME_common.cc.
        """
        known = self.kernel_sources | self.core_sources
        found: set[str] = set()

        def chosen(path: str) -> str:
            return path if path in plain else self.specialized(path, folder)

        waiting = [chosen(path) for path in starts]
        while waiting:
            path = waiting.pop()
            if path in found:
                continue
            found.add(path)
            for name in _INCLUDE.findall(self.text(path)):
                if (header := self._resolve(name, path)) is not None:
                    waiting.append(header)
            stem = path.removesuffix(".h")
            if stem != path:
                candidates = [p for p in (f"{stem}.cc", f"{stem}_common.cc") if p in known]
                waiting += [chosen(p) for p in candidates]
        return found

    def headers(self, starts: Iterable[str]) -> set[str]:
        """The headers that `starts` include, and theirs."""
        found: set[str] = set()
        waiting = list(starts)
        while waiting:
            path = waiting.pop()
            if path not in found:
                found.add(path)
                names = _INCLUDE.findall(self.text(path))
                waiting += [p for p in (self._resolve(name, path) for name in names) if p]
        return found

    def guarded(self, header: str) -> bool:
        """Whether a header can be included twice."""
        return _GUARD.search(_COMMENT.sub("", self.text(header))) is not None

    # ---- paths ----

    def _file(self, path: str) -> Path:
        prefix, folder = max(
            (root for root in self._roots if path.startswith(root[0])), key=lambda r: len(r[0])
        )
        return folder / path.removeprefix(prefix)

    def _exists(self, path: str) -> bool:
        return path in self._texts or self._file(path).is_file()

    def files(self, folder: str, endings: tuple[str, ...]) -> Iterator[str]:
        """All files below `folder` with one of these endings, sorted."""
        base = self._file(folder + "/")
        for path in sorted(base.rglob("*")):
            if path.name.endswith(endings):
                yield f"{folder}/{path.relative_to(base).as_posix()}"

    def _resolve(self, name: str, user: str) -> str | None:
        """The file an #include means, None for the compiler's own."""
        beside = posixpath.join(posixpath.dirname(user), name)
        for candidate in (beside, *(prefix + name for prefix, _ in self._roots)):
            path = posixpath.normpath(candidate)
            if not path.startswith("..") and self._exists(path):
                return path
        return None
