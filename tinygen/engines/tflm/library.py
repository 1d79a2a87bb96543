"""The library a project brings along: upstream's core, and only the kernels its model needs.

Upstream's files lie as they are in `lib/tflm`. What is compiled are small files in `src/tflm`
that include them: one for the core, one for each operator, since nearly all of a file's time goes
into upstream's headers. That is ten times faster, and each object serves every other model, since
PlatformIO's cache knows objects of `src` again (those of libraries it calls by the project's path).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from tinygen.boards import Board, TflmFrom
from tinygen.engines.tflm.kernel_sets import VENDORS, KernelSet
from tinygen.engines.tflm.upstream import KERNELS, RESOLVER, ROOT_SOURCE, Operator, Upstream
from tinygen.engines.tflm.vendor import VendorFiles
from tinygen.resources import firmware_dir

LIBRARY = "lib/tflm"
UNITS = "src/tflm"

_CONSTANT = re.compile(r"^(?:const|constexpr) \w+ (k\w+)\b", re.MULTILINE)
_DEBUG_LOG = "tensorflow/lite/micro/debug_log.cc"
"""Replaced by tinygen's, as upstream replaces it for its targets."""


@dataclass(frozen=True)
class Library:
    """Files by path in the project, and what the whole project is built with.

    `scripts` are those of the files that PlatformIO runs before a build.
    """

    files: Mapping[str, bytes]
    build_flags: tuple[str, ...]
    scripts: tuple[str, ...]


def assemble(
    upstream: Upstream,
    operators: Iterable[Operator],
    kernel_set: KernelSet,
    *,
    plain: frozenset[str] = frozenset(),
    others: Iterable[str] = (),
    debug: bool = False,
) -> Library:
    """The library for a model with these operators; `debug` keeps upstream's error texts.

    `others` are files of kernels that are needed besides, `plain` those of reference kernels that
    the set's own do not replace.
    """
    vendor = VENDORS.get(kernel_set)
    folder = vendor.kernels if vendor else ""
    wanted = sorted({upstream.kernel_source(operator) for operator in operators})
    needed = upstream.closure([ROOT_SOURCE, *wanted, *others], folder, plain)
    kernels = {path for path in needed if path.startswith(f"{KERNELS}/") and path.endswith(".cc")}
    # The same core for every model, so that its object serves all of them.
    known = upstream.closure([ROOT_SOURCE, *upstream.operator_sources], folder)
    core = (known & upstream.core_sources) - {_DEBUG_LOG}
    functions = VendorFiles(upstream, vendor).needed(kernels) if vendor else set()
    units = {"core.cc": unit(core)}
    units |= {f"kernels/{name}": unit(paths) for name, paths in _units(upstream, kernels).items()}
    units |= {f"kernels/{_unit_name(path)}": unit([path]) for path in functions}
    files = {
        f"{LIBRARY}/{path}": upstream.read(path)
        for path in upstream.headers({*kernels, *core, *functions, RESOLVER})
    }
    files[f"{LIBRARY}/library.json"] = _manifest()
    files[f"{LIBRARY}/build.py"] = (firmware_dir() / "tflm" / "build.py").read_bytes()
    files |= {f"{UNITS}/{name}": text for name, text in units.items()}
    return Library(
        files=dict(sorted(files.items())),
        build_flags=(f"-I{UNITS}", *_includes(kernel_set), *_defines(kernel_set, debug=debug)),
        scripts=(f"{LIBRARY}/build.py",),
    )


def bundled(board: Board) -> Library:
    """What a project needs where the board's framework brings the library along: no second one."""
    files = {}
    if board.engines.tflm_from is TflmFrom.IDF_COMPONENT:
        component = firmware_dir() / "tflm" / "idf_component.yml"
        files["src/idf_component.yml"] = component.read_bytes()
    return Library(files, (f"-I{UNITS}", "-DTF_LITE_STATIC_MEMORY"), ())


def _includes(kernel_set: KernelSet) -> list[str]:
    vendor = VENDORS.get(kernel_set)
    folders = (*Upstream.include_folders, *(vendor.includes if vendor else ()))
    return [f"-I{PurePosixPath(LIBRARY, folder).as_posix()}" for folder in folders]


def _defines(kernel_set: KernelSet, *, debug: bool) -> list[str]:
    """For the whole project: they change the layout of what both sides see."""
    names = [
        "TF_LITE_STATIC_MEMORY",
        "NDEBUG",
        # What upstream's patch of flatbuffers sets: no locales, no streams.
        "FLATBUFFERS_LOCALE_INDEPENDENT=0",
        "FLATBUFFERS_PREFER_PRINTF=1",
    ]
    names.append("TG_SAY_WHY" if debug else "TF_LITE_STRIP_ERROR_STRINGS")
    if vendor := VENDORS.get(kernel_set):
        names += vendor.defines
    return [f"-D{name}" for name in names]


def _units(upstream: Upstream, kernels: Iterable[str]) -> dict[str, list[str]]:
    """Source files of the kernels by the operator they serve: X.cc and X_common.cc are one, where
    one file can be both."""
    units: dict[str, list[str]] = {}
    for path in sorted(kernels):
        units.setdefault(PurePosixPath(path).stem.removesuffix("_common"), []).append(path)
    for name, paths in list(units.items()):
        if len(paths) > 1 and not _one_file(upstream, paths):
            del units[name]
            units |= {PurePosixPath(path).stem: [path] for path in paths}
    return {f"{name}.cc": paths for name, paths in sorted(units.items())}


def _one_file(upstream: Upstream, paths: list[str]) -> bool:
    """Whether the files can be included one after the other: neither do they share a header that
    stands no second time, nor do they name a constant of their own alike."""
    shared = set.intersection(*(upstream.headers([path]) - {path} for path in paths))
    constants = [set(_CONSTANT.findall(upstream.text(path))) for path in paths]
    return all(upstream.guarded(header) for header in shared) and not set.intersection(*constants)


def _unit_name(path: str) -> str:
    """Of a vendor's file. C and assembly may share a name, which most frameworks do not let them:
    their objects would."""
    file = PurePosixPath(path)
    return f"{file.stem}_asm.S" if file.suffix == ".S" else file.name


def unit(paths: Iterable[str]) -> bytes:
    """What is compiled for these files: one that includes them."""
    return "".join(f'#include "{path}"\n' for path in sorted(paths)).encode()


def _manifest() -> bytes:
    """PlatformIO compiles nothing of the library by itself."""
    content = {"name": "tflm", "version": "0.0.0", "build": {"srcFilter": ["-<*>"]}}
    return (json.dumps(content, indent=2) + "\n").encode()
