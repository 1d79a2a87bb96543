"""The `.tflite` files of the cases, and what their README says that each must give."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ops.cores import Core
from tinygen.api.build import build
from tinygen.api.prepare import prepare
from tinygen.api.verify import verify
from tinygen.devices import qemu
from tinygen.engines import aot
from tinygen.errors import InputError
from tinygen.options import ModelOptions
from tinygen.proof.verdict import Verdict

REFUSED = {
    "alpha_inf": "alpha inf",
    "bias_scale_wrong": "the bias 't2'",
    "declared_output_shape": r"\[1, 128, 5, 1\], the file says \[1, 4, 5, 1\]",
    "dilation_ubsan": "536870912",
    "dw_mult0": "depth_multiplier 0",
    "dw_wrong_multiplier": "depth_multiplier 1",
    "extra_input_add": "ADD (.* has 3 inputs|has options of another operator)",
    "extra_input_softmax": "SOFTMAX .* has 2 inputs",
    "lie_concat": r"'t1' the shape \[1, 6\], the file says \[1, 8\]",
    "lie_conv_inner": r"'t3' the shape \[1, 5, 5, 4\], the file says \[1, 7, 7, 4\]",
    "no_ops": "computes nothing",
    "open_hw": "height and width open",
    "outputs_more": "without an output",
    "shape_int8": "SHAPE",
    "tanh_outscale": "TANH",
    "zero_point_beyond_int32": "zero point -9223372036854775808",
    "zp_int64": "zero point 300",
}
MATCHING = ("reshape_only", "lie_pool_ones")


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_by_name(name: str, cases: Path) -> None:
    with pytest.raises(InputError, match=REFUSED[name]) as caught:
        aot.compile_graph(prepare(cases / f"{name}.tflite", ModelOptions()).model.graph)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", MATCHING)
def test_it_matches(
    name: str, cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = Core("qemu-cortex-m4", "-O2").missing_tool()
    if missing is not None:
        pytest.skip(f"{missing} is not installed")
    monkeypatch.chdir(tmp_path)
    project = tmp_path / "project"
    build(cases / f"{name}.tflite", board="qemu-cortex-m4", out=project, jobs=1)
    try:
        result = verify(project)
    finally:
        qemu.stop(project / ".tinygen")
    assert result.verdict is Verdict.MATCH, result.reason
    assert result.doubt == ""
    assert result.elements > 0
