"""`inspect` said that a model fits mega2560 which `generate` refused there: its constants do not
reach the lower 64 KB; and it judged boards whose engine is tflm by what aot needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.tflite_file import single_operator, tensor
from tests.runner import tinygen as command
from tinygen import generate, inspect, passes, tflite
from tinygen.api.inspect import BoardFit
from tinygen.boards import BOARD_IDS, Port, get_board
from tinygen.engines import ENGINES, kernel_sets
from tinygen.engines.engine import Job
from tinygen.errors import DoesNotFit
from tinygen.ir import DType, Int8Model
from tinygen.options import BuildOptions
from tinygen.templates import Identity


def wide(tmp_path: Path) -> Path:
    """70,400 bytes of weights, and 1,164 of inputs and outputs."""
    codes = np.random.default_rng(0).integers(-127, 128, (1100, 64)).astype(np.int8)
    weights = tensor((1100, 64), scale=0.01, data=codes)
    bias = tensor((1100,), DType.INT32, scale=0.001, data=np.zeros(1100, np.int32))
    inputs = [tensor((1, 64), scale=0.1), weights, bias]
    path = tmp_path / "wide.tflite"
    path.write_bytes(single_operator("FULLY_CONNECTED", inputs, [tensor((1, 1100), scale=0.1)]))
    return path


def refusal(job: Job) -> list[str] | None:
    """Why the engine refuses, a shortage a line; None where it does not."""
    try:
        ENGINES[job.identity.engine].make(job)
    except DoesNotFit as error:
        return error.why.splitlines()
    return None


def answers(model: Path, board: str | None = None) -> dict[tuple[str, str], BoardFit]:
    return {(fit.board, fit.engine): fit for fit in inspect(model, board=board).boards}


def test_constants_that_the_core_does_not_reach(tmp_path: Path) -> None:
    assert answers(wide(tmp_path))["mega2560", "aot"].fits is False
    found = answers(wide(tmp_path), "mega2560")["mega2560", "aot"]
    assert (found.fits, found.estimated) == (False, False)
    assert "the core reads constants from the lower 61,440 bytes" in found.why_not[0]
    assert found.flash_needed > found.flash_available == 61_440
    with pytest.raises(DoesNotFit) as refused:
        generate(tmp_path / "wide.tflite", board="mega2560", out=tmp_path / "out")
    assert refused.value.why.splitlines() == list(found.why_not)
    # What is recommended instead has room for it.
    recommended = refused.value.next_step.rpartition("--board ")[2]
    assert answers(tmp_path / "wide.tflite")[recommended, "aot"].fits


def test_every_board_and_engine_is_judged_by_its_own_needs(tmp_path: Path) -> None:
    found = inspect(wide(tmp_path)).boards
    assert [(f.board, f.engine) for f in found] == [
        (board_id, engine) for board_id in BOARD_IDS for engine in kernel_sets(get_board(board_id))
    ]
    for fit in found:
        assert fit.is_default == (get_board(fit.board).engines.default == fit.engine)
        # tflm finds its arena by building; before, it is estimated, but for cores of 64 bits.
        linux = get_board(fit.board).port is Port.POSIX
        assert (fit.engine == "tflm" and linux) == (fit.ram_needed is None)
        assert fit.fits is not None or fit.engine == "tflm"
        assert (fit.fits is False) == bool(fit.why_not)


def test_inspect_is_what_generate_says(model: Path) -> None:
    """For every board and engine: a model is refused as not fitting where inspect says so."""
    content = model.read_bytes()
    written = tflite.read(content, model.stem)
    whole = Int8Model(content, written, passes.simplify(written))
    for (board_id, engine), fit in answers(model).items():
        if engine == "tflm" and fit.fits is not False:
            continue  # would be built to see
        identity = Identity("m", engine, board_id, "0" * 64, "1")
        job = Job(get_board(board_id), whole, identity, BuildOptions(board=board_id))
        why = refusal(job)
        assert fit.fits is (why is None), (board_id, engine)
        if fit.estimated:  # the numbers are others, and generate may lack more
            said = {line.partition(":")[0] for line in fit.why_not}
            assert {line.partition(":")[0] for line in why or []} >= said
        else:
            assert list(fit.why_not) == (why or [])


def test_the_report_names_the_engine(tmp_path: Path) -> None:
    shown = command("inspect", wide(tmp_path), cwd=tmp_path).out
    assert "With the engine aot: " in shown
    assert "mega2560: the core reads constants from the lower 61,440 bytes." in shown
    assert "boards take the engine tflm unless --engine says another" in shown
    assert "2 % and 128 bytes of margin" in shown
