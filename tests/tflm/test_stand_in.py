"""The engine tflm from its sources to a verdict, on a stand-in for upstream's: nothing is skipped
where those are not at hand."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from tests.tflm import stand_in
from tests.tflm.includes import missing_headers
from tests.tflm.stand_in.fixtures import stand_in_cache, stand_in_tree  # noqa: F401
from tinygen.engines.tflm import KernelSet, TflmTree, installed, scratch
from tinygen.engines.tflm.kernel_sets import VENDORS
from tinygen.engines.tflm.library import LIBRARY, UNITS, Library, assemble
from tinygen.engines.tflm.source import PINS, TFLITE_MICRO, content_hash
from tinygen.engines.tflm.upstream import Upstream
from tinygen.errors import ToolchainError, UnsupportedModel

KINDS = ("MAX_POOL_2D", "RESHAPE")
SHAPES = ((16, 16, 4), (8, 8, 4), (4, 4, 4))
EMULATED = [kernels for kernels in KernelSet if kernels not in scratch.EMULATED]

pytestmark = pytest.mark.usefixtures("stand_in_tree")


@pytest.fixture
def upstream(stand_in_tree: TflmTree) -> Upstream:  # noqa: F811
    return Upstream(stand_in_tree)


def library(
    upstream: Upstream, kernels: KernelSet, kinds: tuple[str, ...] = KINDS, *, debug: bool = False
) -> Library:
    return assemble(upstream, [upstream.operator(kind) for kind in kinds], kernels, debug=debug)


def units(made: Library) -> dict[str, str]:
    """What is compiled: file -> the paths that it includes, or its text."""
    return {
        path.removeprefix(f"{UNITS}/"): content.decode()
        for path, content in made.files.items()
        if path.startswith(f"{UNITS}/")
    }


def test_it_is_obtained_and_pinned_as_upstream_is(
    stand_in_cache: Path,  # noqa: F811
    stand_in_tree: TflmTree,  # noqa: F811
) -> None:
    assert installed(stand_in_cache, PINS) == stand_in_tree
    for pin in PINS:
        assert stand_in_tree.folder(pin).name.endswith(content_hash(stand_in.files(pin))[:8])
    kept = stand_in_tree.folder(TFLITE_MICRO)
    assert (kept / "tensorflow/lite/micro/tools/make/sources.inc").is_file()


def test_the_lists_are_read(upstream: Upstream) -> None:
    assert {PurePosixPath(path).name for path in upstream.kernel_sources} == {
        "logistic.cc",
        "pooling.cc",
        "pooling_common.cc",
        "reshape.cc",
    }, "the first definition counts"
    core = {PurePosixPath(path).name for path in upstream.core_sources}
    assert {"micro_interpreter.cc", "micro_log.cc", "tensor_bytes.cc"} <= core
    assert not core & {"for_telephones.cc", "interpreter_test.cc"}


def test_the_operators_are_read(upstream: Upstream) -> None:
    found = upstream.operators
    assert set(found) == {"LOGISTIC", *KINDS}
    assert found["RESHAPE"].registration == "Register_RESHAPE"
    pool = found["MAX_POOL_2D"]
    assert (pool.method, pool.registration) == ("AddMaxPool2D", "Register_MAX_POOL_2D")
    assert pool.int8 is not None
    assert pool.int8[0] == "Register_MAX_POOL_2D_INT8"
    assert pool.int8[1].endswith("kernels/pooling.h")
    with pytest.raises(UnsupportedModel, match="no operator CONV_2D"):
        upstream.operator("CONV_2D")


def test_a_list_that_upstream_no_longer_has(
    tmp_path: Path,
    stand_in_tree: TflmTree,  # noqa: F811
) -> None:
    changed = tmp_path / "tree"
    text = (stand_in_tree.folder(TFLITE_MICRO) / stand_in.SOURCES).read_text("utf-8")
    target = TflmTree(changed).folder(TFLITE_MICRO) / stand_in.SOURCES
    target.parent.mkdir(parents=True)
    target.write_text(text.replace("EXCLUDED_TFL_CC_SRCS", "LEFT_OUT"), "utf-8")
    with pytest.raises(ToolchainError, match="does not define EXCLUDED_TFL_CC_SRCS"):
        _ = Upstream(TflmTree(changed)).core_sources


def test_only_the_kernels_of_the_model(upstream: Upstream) -> None:
    made = units(library(upstream, KernelSet.REFERENCE))
    assert set(made) == {"core.cc", "kernels/pooling.cc", "kernels/reshape.cc"}
    assert "kernels/pooling_common.cc" in made["kernels/pooling.cc"], "two files, one unit"
    assert set(units(library(upstream, KernelSet.REFERENCE, ("RESHAPE",)))) == {
        "core.cc",
        "kernels/reshape.cc",
    }


def test_the_core_is_the_same_for_every_model(upstream: Upstream) -> None:
    cores = {
        units(library(upstream, kernels, kinds))["core.cc"]
        for kernels in KernelSet
        for kinds in (KINDS, ("RESHAPE",))
    }
    assert len(cores) == 1
    assert "debug_log.cc" not in cores.pop(), "tinygen has its own"


def test_a_vendors_functions_are_found_by_name(upstream: Upstream) -> None:
    made = units(library(upstream, KernelSet.CMSIS_NN))
    assert "kernels/cmsis_nn/pooling.cc" in made["kernels/pooling.cc"]
    assert {name for name in made if name.endswith(".c")} == {
        "kernels/arm_max_pool_s8.c",
        "kernels/arm_max_pool_s8_get_buffer_size.c",
        "kernels/arm_nntables.c",
    }, "not arm_avg_pool_s8, which only a comment and a header name"
    assert {"kernels/esp_nn_max_pool_opt.c"} == {
        name for name in units(library(upstream, KernelSet.ESP_NN)) if name.endswith(".c")
    }
    assert {
        name for name in units(library(upstream, KernelSet.ESP_NN_S3)) if "esp32s3" in name
    } == {
        "kernels/esp_nn_max_pool_s8_esp32s3.c",
        "kernels/esp_nn_max_pool_s8_esp32s3_asm.S",
    }, "an object for each, and what the assembly calls"


@pytest.mark.parametrize("kernels", list(KernelSet))
def test_every_header_comes_along(upstream: Upstream, kernels: KernelSet) -> None:
    made = library(upstream, kernels)
    assert missing_headers(made) == set()
    vendor = VENDORS.get(kernels)
    for define in vendor.defines if vendor else ():
        assert f"-D{define}" in made.build_flags


def test_error_texts_are_kept_on_request(upstream: Upstream) -> None:
    strip = "-DTF_LITE_STRIP_ERROR_STRINGS"
    assert strip in library(upstream, KernelSet.REFERENCE).build_flags
    assert strip not in library(upstream, KernelSet.REFERENCE, debug=True).build_flags


def test_a_chip_is_asked_how_much_scratch_it_wants(upstream: Upstream) -> None:
    general = library(upstream, KernelSet.ESP_NN)
    sized = scratch.with_scratch_of(upstream, general, KernelSet.ESP_NN_S3)
    changed = {path for path in sized.files if sized.files[path] != general.files.get(path)}
    header = f"{LIBRARY}/third_party/esp_nn/include/esp_nn_generic_opt.h"
    unit = f"{UNITS}/kernels/esp_nn_s3_scratch.c"
    assert changed == {header, unit}
    asked = r"#define esp_nn_get_max_pool_scratch_size esp_nn_get_max_pool_scratch_size_esp32s3"
    assert asked in sized.files[header].decode()
    functions = re.findall(r"^int (\w+)\(.*\) \{", sized.files[unit].decode(), re.MULTILINE)
    assert functions == [
        "esp_nn_get_max_pool_rows_esp32s3",
        "esp_nn_get_max_pool_scratch_size_esp32s3",
    ], "what it calls comes along, what computes does not"


def test_the_pools_are_what_the_oracle_computes() -> None:
    """The stand-in's models are ordinary .tflite files."""
    from tests.ops.tflite_file import run_tflm

    values = np.random.default_rng(0).integers(-128, 128, (1, *SHAPES[0])).astype(np.int8)
    (flat,) = run_tflm(stand_in.pools(*SHAPES), [values])
    pooled = values.reshape(1, 4, 4, 4, 4, 4).max(axis=(2, 4))
    np.testing.assert_array_equal(flat, pooled.reshape(1, -1))
