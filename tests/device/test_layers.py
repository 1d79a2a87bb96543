"""`verify --layers` names the layer that is wrong, and only that; `profile` adds up."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import tinygen
from tests.bench.cycles import count as counted_from_outside
from tests.device import planting
from tests.runner import GOLDEN_MODEL
from tinygen.api.again import again
from tinygen.api.build import BuildResult
from tinygen.api.layers import GuiltyLayer
from tinygen.boards import get_board
from tinygen.engines.traced import TracedLayer
from tinygen.errors import InputError
from tinygen.project import open_project
from tinygen.project.library import SOURCES
from tinygen.proof.difference import Like
from tinygen.proof.verdict import Verdict

PROCESS = "linux-x86_64"


@pytest.fixture(scope="module", name="whole")
def _whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """digits as a process of this machine."""
    folder = tmp_path_factory.mktemp("layers") / "digits"
    tinygen.build(GOLDEN_MODEL, board=PROCESS, out=folder)
    return folder


@pytest.fixture(name="project")
def _project(whole: Path, tmp_path: Path) -> Path:
    """A copy to plant something in; what builds left of the model beside it serves it too."""
    return Path(shutil.copytree(whole, tmp_path / "digits"))


def guilty(project: Path, vectors: int = 3) -> GuiltyLayer:
    result = tinygen.verify_layers(project, vectors=vectors)
    assert (result.verdict, result.exit_code) == (Verdict.MISMATCH, 4)
    assert result.guilty is not None
    return result.guilty


def layers_of(project: Path) -> tuple[TracedLayer, ...]:
    made = again(open_project(project))
    return made.engine.follow(made.job).layers


def test_right_firmware_matches_layer_by_layer(project: Path) -> None:
    result = tinygen.verify_layers(project, vectors=20)
    assert (result.verdict, result.exit_code, result.guilty) == (Verdict.MATCH, 0, None)
    assert (result.vectors, result.vectors_looked_into, result.layers) == (20, 10, 8)
    ordinary = tinygen.verify(project, vectors=1)
    assert ordinary.build_id != result.build_id, "a verdict is about one firmware"
    assert ordinary.verdict is Verdict.MATCH
    taken = tinygen.profile(project, vectors=2)
    assert taken.unit == "nanoseconds"
    assert sum(layer.amount for layer in taken.layers) <= taken.inference
    assert sum(layer.macs for layer in taken.layers) == taken.macs == 70_080


@pytest.mark.parametrize("layer", [2, 6])
def test_a_layer_that_is_off_by_one_is_named(project: Path, layer: int) -> None:
    place = layers_of(project)[layer].outputs[0].place
    planting.in_layer(project, layer, f"model_arena.bytes[{place + 3}] ^= 1u")
    found = guilty(project)
    assert (found.layer, found.layers, found.inputs_intact) == (layer, 8, True)
    assert found.difference is not None
    assert (found.difference.wrong, found.difference.like) == (1, Like.OFF_BY_ONE)
    assert found.plain is None, "it is the operator's own kernel"
    assert found.workaround == ""


def test_a_kernel_that_was_edited_is_what_runs(project: Path) -> None:
    planting.in_kernel(project, "portable/max_pool_2d", scratch=False)
    found = guilty(project)
    assert (found.layer, found.kernel, found.operators) == (3, "max_pool_2d", ("MAX_POOL_2D",))
    assert "max_pooling" in " ".join(found.keras_layers)


@pytest.mark.parametrize("call", [tinygen.profile, tinygen.verify_layers, tinygen.verify])
def test_no_vectors_and_no_time_are_errors(project: Path, call: Callable[..., object]) -> None:
    with pytest.raises(InputError, match="at least one vector"):
        call(project, vectors=0)
    with pytest.raises(InputError, match="a limit of no time"):
        call(project, timeout=0)


def test_what_cannot_be_followed_says_so(project: Path) -> None:
    with pytest.raises(InputError, match="at least one vector"):
        tinygen.verify_layers(project, vectors=0)
    with pytest.raises(InputError, match="nothing has to be put on"):
        tinygen.flash(project, layers=True)
    file = project / SOURCES / "model.c"
    text = file.read_text("utf-8")
    call = next(line for line in text.splitlines() if line.startswith("  model_layer_4_"))
    file.write_text(text.replace(call + "\n", ""), "utf-8")
    with pytest.raises(InputError, match="cannot be followed: 7, not 8"):
        tinygen.verify_layers(project)
    file.write_text(text, "utf-8")
    model = project / "model.tflite"
    model.write_bytes(model.read_bytes() + b"x")
    with pytest.raises(InputError, match="not the model that the project was made of"):
        tinygen.profile(project)
    manifest = project / "tinygen.json"
    version = f'"tinygen": "{open_project(project).manifest.tinygen}"'
    manifest.write_text(manifest.read_text("utf-8").replace(version, '"tinygen": "0.0.7"'), "utf-8")
    with pytest.raises(InputError, match=r"made by tinygen 0\.0\.7"):
        tinygen.verify_layers(project)


def test_an_optimized_kernel_that_is_wrong_is_told_from_the_plain_one(
    digits: Callable[[str], BuildResult],
) -> None:
    """And, before that, what each layer takes is what QEMU itself counts of the ordinary firmware,
    within a hundredth."""
    built = digits("qemu-cortex-m4")
    project = built.generated.project
    taken = tinygen.profile(project, vectors=3)
    outside = counted_from_outside(project, built.elf, get_board("qemu-cortex-m4"))
    assert taken.unit == "instructions"
    for total in (taken.inference, sum(layer.amount for layer in taken.layers)):
        assert abs(total - outside.instructions) < 0.01 * outside.instructions
    assert taken.modelled_cycles is not None
    assert outside.cycles is not None
    assert abs(taken.modelled_cycles - outside.cycles) < 0.15 * outside.cycles
    ordinary = tinygen.verify_layers(project, port=tinygen.flash(project).port)
    assert ordinary.verdict is Verdict.UNVERIFIED
    assert "notes nothing of its layers" in ordinary.reason
    assert "leave --port out" in ordinary.next_step
    kernel = next(one for one in taken.layers if one.kernel_set == "dsp")
    scratch = kernel.scratch_bytes != 0
    planting.in_kernel(project, f"dsp/{kernel.kernel}", scratch=scratch)
    found = guilty(project)
    assert (found.layer, found.kernel) == (kernel.layer, kernel.kernel)
    assert found.plain is not None
    assert (found.plain.kernel_set, found.plain.agrees) == ("portable", True)
    assert f"--without dsp/{kernel.kernel} " in found.workaround
