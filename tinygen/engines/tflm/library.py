"""The library a project brings along: upstream's core, and only the kernels its model needs.

Upstream's files lie as they are in `lib/tflm`. What is compiled are small files in `src/tflm`
that include them: one for the core, one for each operator, since nearly all of a file's time goes
into upstream's headers. That is ten times faster, and each object serves every other model, since
PlatformIO's cache knows objects of `src` again (those of libraries it calls by the project's path).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

from tinygen.engines.tflm.upstream import KERNELS, RESOLVER, ROOT_SOURCE, Operator, Upstream
from tinygen.firmware import firmware_dir

LIBRARY = "lib/tflm"
UNITS = "src/tflm"

_DEBUG_LOG = "tensorflow/lite/micro/debug_log.cc"
"""Replaced by tinygen's, as upstream replaces it for its targets."""


class KernelSet(Enum):
    """Which implementation of an operator is taken where there are several."""

    REFERENCE = "reference"
    CMSIS_NN = "cmsis_nn"


@dataclass(frozen=True)
class Library:
    """Files by path in the project, and what the whole project is built with.

    `options` are further lines of platformio.ini: name and value.
    """

    files: Mapping[str, bytes]
    build_flags: tuple[str, ...]
    options: tuple[tuple[str, str], ...]


def assemble(
    upstream: Upstream, operators: Iterable[Operator], kernel_set: KernelSet, *, debug: bool = False
) -> Library:
    """The library for a model with these operators; `debug` keeps upstream's error texts."""
    wanted = sorted({upstream.kernel_source(operator) for operator in operators})
    needed = upstream.closure([ROOT_SOURCE, *wanted], kernel_set.value)
    kernels = {path for path in needed if path.startswith(f"{KERNELS}/") and path.endswith(".cc")}
    # The same core for every model, so that its object serves all of them.
    known = upstream.closure([ROOT_SOURCE, *upstream.operator_sources], kernel_set.value)
    core = (known & upstream.core_sources) - {_DEBUG_LOG}
    cmsis = upstream.cmsis_nn(kernels) if kernel_set is KernelSet.CMSIS_NN else set()
    shared = upstream.headers({*kernels, *core, *cmsis, RESOLVER}) - cmsis
    files = {f"{LIBRARY}/{path}": upstream.read(path) for path in shared}
    files[f"{LIBRARY}/library.json"] = _manifest()
    files[f"{LIBRARY}/build.py"] = (firmware_dir() / "tflm" / "build.py").read_bytes()
    files[f"{UNITS}/core.cc"] = _unit(core)
    for name, paths in _units(upstream, kernels).items():
        files[f"{UNITS}/kernels/{name}.cc"] = _unit(paths)
    for path in cmsis:
        files[f"{UNITS}/kernels/{PurePosixPath(path).name}"] = upstream.read(path)
    return Library(
        files=dict(sorted(files.items())),
        build_flags=(
            f"-I{UNITS}",
            *_includes(upstream, kernel_set),
            *_defines(kernel_set, debug=debug),
        ),
        options=(("extra_scripts", f"pre:{LIBRARY}/build.py"),),
    )


def _includes(upstream: Upstream, kernel_set: KernelSet) -> list[str]:
    folders = [f for f in upstream.include_folders if "cmsis" not in f]
    if kernel_set is KernelSet.CMSIS_NN:
        folders += [f for f in upstream.include_folders if "cmsis" in f]
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
    if not debug:
        names.append("TF_LITE_STRIP_ERROR_STRINGS")
    if kernel_set is KernelSet.CMSIS_NN:
        # What upstream's own build sets: sums over weights are made once, at the start.
        names += [
            "CMSIS_NN",
            "KERNELS_OPTIMIZED_FOR_SPEED",
            "ARM_NN_ENABLE_F16=0",
            "ARM_NN_ENABLE_F32=0",
        ]
    return [f"-D{name}" for name in names]


def _units(upstream: Upstream, kernels: Iterable[str]) -> dict[str, list[str]]:
    """Source files of the kernels by the operator they serve: X.cc and X_common.cc are one.

    Not where both include a header that stands no second time.
    """
    units: dict[str, list[str]] = {}
    for path in sorted(kernels):
        units.setdefault(PurePosixPath(path).stem.removesuffix("_common"), []).append(path)
    for name, paths in list(units.items()):
        shared = set.intersection(*(upstream.headers([path]) - {path} for path in paths))
        if len(paths) > 1 and not all(upstream.guarded(header) for header in shared):
            del units[name]
            units |= {PurePosixPath(path).stem: [path] for path in paths}
    return dict(sorted(units.items()))


def _unit(paths: Iterable[str]) -> bytes:
    return "".join(f'#include "{path}"\n' for path in sorted(paths)).encode()


def _manifest() -> bytes:
    """PlatformIO compiles nothing of the library by itself."""
    content = {"name": "tflm", "version": "0.0.0", "build": {"srcFilter": ["-<*>"]}}
    return (json.dumps(content, indent=2) + "\n").encode()
