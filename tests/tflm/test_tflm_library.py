"""The library as it is assembled from upstream's own lists. Needs upstream's sources."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest

from tests.tflm.includes import missing_headers
from tinygen.engines.tflm import KernelSet, TflmTree, scratch, source
from tinygen.engines.tflm.kernel_sets import VENDORS
from tinygen.engines.tflm.library import LIBRARY, UNITS, Library, assemble
from tinygen.engines.tflm.upstream import Upstream
from tinygen.engines.tflm.vendor import VendorFiles
from tinygen.errors import UnsupportedModel
from tinygen.ops import BY_KIND

KWS = (
    "AVERAGE_POOL_2D",
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED",
    "RESHAPE",
    "SOFTMAX",
)
BEHIND_CONDITIONS = {
    "TargetConditionals.h",
    "absl/base/config.h",
    "absl/strings/string_view.h",
    "esp_heap_caps.h",
    "fixedpoint_avx.h",
    "fixedpoint_msa.h",
    "fixedpoint_neon.h",
    "fixedpoint_sse.h",
    "fixedpoint_wasmsimd.h",
    "intrin.h",
    "tensorflow/lite/tensorflow_profiler_logger.h",
}
"""Headers that no build for a microcontroller includes."""


def library(upstream: Upstream, kernels: KernelSet, kinds: tuple[str, ...] = KWS) -> Library:
    return assemble(upstream, [upstream.operator(kind) for kind in kinds], kernels)


def units(made: Library) -> set[str]:
    names = (path for path in made.files if path.startswith(f"{UNITS}/kernels/"))
    return {PurePosixPath(path).name for path in names}


def test_the_pins_are_the_ones_upstream_pins(tree: TflmTree) -> None:
    folder = tree.folder(source.TFLITE_MICRO) / "tensorflow"
    downloads = (folder / "lite/micro/tools/make/third_party_downloads.inc").read_text()
    for pin in (source.GEMMLOWP, source.RUY):
        assert f"{pin.repository}/archive/{pin.revision}.zip" in downloads
    # Of flatbuffers a tag is named; schema_generated.h asserts the version it was made with.
    schema = (folder / "lite/schema/schema_generated.h").read_text()
    base = (tree.folder(source.FLATBUFFERS) / "include/flatbuffers/base.h").read_text()
    for part in ("MAJOR", "MINOR", "REVISION"):
        version = re.search(rf"define FLATBUFFERS_VERSION_{part} (\d+)", base)
        assert version is not None
        assert f"FLATBUFFERS_VERSION_{part} == {version[1]}" in schema


def test_the_sources_are_the_pinned_ones(tree: TflmTree) -> None:
    for pin in source.PINS:
        folder = tree.folder(pin)
        files = (p for p in folder.rglob("*") if p.is_file())
        content = {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}
        assert source.content_hash(content) == pin.sha256


def test_every_operator_but_a_few_is_known(upstream: Upstream) -> None:
    missing = {kind for kind in BY_KIND if kind not in upstream.operators}
    shapes = {"RANGE", "REDUCE_PROD"}  # shape arithmetic, which TFLM has no kernels for
    tables = {"GELU", "POW", "RELU_N1_TO_1", "SIGN"}
    assert missing == shapes | tables | {"SELECT", "TILE"}, "compiled by aot alone"
    for kind in BY_KIND.keys() - missing:
        assert upstream.kernel_source(upstream.operator(kind)) in upstream.kernel_sources
    with pytest.raises(UnsupportedModel, match="no operator RANGE"):
        upstream.operator("RANGE")


def test_only_the_kernels_of_the_model(upstream: Upstream) -> None:
    made = units(library(upstream, KernelSet.REFERENCE))
    assert {f"{name}.cc" for name in ("conv", "depthwise_conv", "pooling", "softmax")} <= made
    assert not {"add.cc", "svdf.cc", "mul.cc"} & made
    one = units(library(upstream, KernelSet.REFERENCE, ("FULLY_CONNECTED",)))
    assert "fully_connected.cc" in one
    assert "conv.cc" not in one


def test_a_kernel_set_replaces_files_of_the_same_name(upstream: Upstream) -> None:
    made = library(upstream, KernelSet.CMSIS_NN)
    unit = made.files[f"{UNITS}/kernels/conv.cc"].decode()
    assert "kernels/cmsis_nn/conv.cc" in unit
    assert "kernels/conv_common.cc" in unit
    assert f"{LIBRARY}/tensorflow/lite/micro/kernels/conv.cc" not in made.files
    assert "arm_convolve_s8.c" in units(made)
    assert "arm_svdf_s8.c" not in units(made)
    assert not any(name.endswith("_f32.c") for name in units(made))


def test_the_general_functions_of_esp_nn_take_no_assembly(upstream: Upstream) -> None:
    made = units(library(upstream, KernelSet.ESP_NN))
    assert {"esp_nn_conv_opt.c", "esp_nn_softmax_opt.c", "esp_nn_avg_pool_ansi.c"} <= made
    assert not any("esp32" in name or name.endswith(".S") for name in made)
    assert not any("hard_swish" in name or "esp_nn_add" in name for name in made)


def test_a_chips_functions_come_with_the_ones_they_call(upstream: Upstream) -> None:
    """No linker for the ESP32-S3 is here to say so."""
    vendor = VENDORS[KernelSet.ESP_NN_S3]
    library_of_s3 = library(upstream, KernelSet.ESP_NN_S3)
    made = units(library_of_s3)
    assert {"esp_nn_conv_esp32s3.c", "esp_nn_avg_pool_s8_esp32s3_asm.S"} <= made
    assert not any("esp32p4" in name for name in made)
    files = VendorFiles(upstream, vendor)
    paths = [p for p in upstream.files(vendor.sources, (".c", ".S")) if _unit(p) in made]
    assert paths
    assert files.needed(paths) <= set(paths)
    assert len({name.rsplit(".", 1)[0] for name in made}) == len(made), "object files by one name"


def _unit(path: str) -> str:
    name = PurePosixPath(path)
    return f"{name.stem}_asm.S" if name.suffix == ".S" else name.name


def test_the_scratch_of_a_chip_is_asked_for_where_the_general_functions_run(
    upstream: Upstream,
) -> None:
    general = library(upstream, KernelSet.ESP_NN)
    sized = scratch.with_scratch_of(upstream, general, KernelSet.ESP_NN_S3)
    changed = {path for path in sized.files if sized.files[path] != general.files.get(path)}
    assert {PurePosixPath(path).name for path in changed} == {
        "esp_nn_generic_opt.h",
        "esp_nn_s3_scratch.c",
    }
    unit = sized.files[f"{UNITS}/kernels/esp_nn_s3_scratch.c"].decode()
    assert "int esp_nn_get_conv_scratch_size_esp32s3(" in unit
    assert "asm" not in unit


def test_the_core_is_the_same_for_every_model(upstream: Upstream) -> None:
    core = {
        library(upstream, kernels, kinds).files[f"{UNITS}/core.cc"]
        for kernels in KernelSet
        for kinds in (KWS, ("FULLY_CONNECTED",), ("TRANSPOSE", "PAD", "MEAN"))
    }
    assert len(core) == 1
    assert b"test" not in core.pop()


@pytest.mark.parametrize("kernels", list(KernelSet))
def test_every_header_comes_along(upstream: Upstream, kernels: KernelSet) -> None:
    made = library(upstream, kernels)
    assert missing_headers(made) <= BEHIND_CONDITIONS


def test_assembling_twice_gives_the_same(upstream: Upstream, tree: TflmTree) -> None:
    first, second = (
        library(upstream, KernelSet.CMSIS_NN),
        library(Upstream(tree), KernelSet.CMSIS_NN),
    )
    assert first == second
    assert not any(str(tree.root) in flag for flag in first.build_flags)
