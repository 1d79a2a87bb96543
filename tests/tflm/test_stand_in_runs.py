"""The engine tflm from a model to a verdict, its arena searched on an emulated core, with
the stand-in for upstream's sources."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.ops.tflite_file import single_operator, tensor
from tests.tflm import stand_in
from tests.tflm.stand_in.fixtures import pools, stand_in_cache, stand_in_tree  # noqa: F401
from tinygen.api.build import BuildResult, build, generate
from tinygen.api.flash import stop
from tinygen.api.verify import VerifyResult, verify
from tinygen.boards import BOARD_IDS, Linux, all_boards, get_board
from tinygen.cli.app import app
from tinygen.devices import qemu
from tinygen.engines.tflm import KernelSet, probe, scratch
from tinygen.engines.tflm.arena import OTHER_COMPILER_BYTES, Measured, Need, choose
from tinygen.errors import DoesNotFit, UnsupportedModel
from tinygen.ir import DType
from tinygen.project.manifest import read
from tinygen.proof.verdict import Verdict

EMULATED = [kernels.value for kernels in KernelSet if kernels not in scratch.EMULATED]
Run = Callable[..., tuple[BuildResult, VerifyResult]]

pytestmark = pytest.mark.usefixtures("stand_in_tree")


@pytest.fixture
def run(tmp_path: Path, pools: Path) -> Iterator[Run]:  # noqa: F811
    """Builds the pools and verifies them; what was started is ended."""
    projects: list[Path] = []

    def build_and_verify(
        core: str, kernels: str, arena: int | None = None
    ) -> tuple[BuildResult, VerifyResult]:
        projects.append(tmp_path / f"project-{len(projects)}")
        built = build(
            pools,
            board=core if core in BOARD_IDS else f"qemu-cortex-{core}",
            engine="tflm",
            kernel_set=kernels,
            arena=arena,
            out=projects[-1],
        )
        return built, verify(projects[-1])

    yield build_and_verify
    for project in projects:
        qemu.stop(project / ".tinygen")


@pytest.mark.parametrize("kernels", EMULATED)
def test_it_matches_in_the_smallest_arena(run: Run, kernels: str) -> None:
    built, result = run("m4", kernels)
    assert result.verdict is Verdict.MATCH, result.reason
    assert result.vectors >= 100
    assert result.engine == "tflm"
    needed = built.generated.arena_minimum_bytes
    assert needed is not None
    assert built.generated.arena_bytes == needed
    # TFLM says it uses less than it needs: 48 bytes, as the stand-in is made.
    assert result.arena_used_bytes == needed - 48
    assert result.arena_enough_bytes is None
    assert any("our memory plan" in note and "(used)" in note for note in built.generated.notes)
    with pytest.raises(DoesNotFit, match=f"needs an arena of {needed:,} bytes"):
        run("m4", kernels, needed - 16)


@pytest.mark.parametrize("board", ["linux-x86_64", "qemu-aarch64"])
def test_a_program_of_linux(run: Run, board: str) -> None:
    """Its probe is a program too, started here: an arena that is too small may end it."""
    built, result = run(board, "reference")
    assert result.verdict is Verdict.MATCH, result.reason
    assert built.generated.arena_bytes == built.generated.arena_minimum_bytes
    assert any(f"measured on {board}, margin 0" in note for note in built.generated.notes)


def test_where_a_program_of_linux_is_measured() -> None:
    """Where this machine starts it; else the emulated one with the same pointers and kernels."""
    found = {
        board.id: probe.emulated_core(board).id
        for board in all_boards()
        if isinstance(board.device, Linux)
    }
    assert {found.pop(twin) for twin in ("raspberrypi3_32", "linux-armhf")} == {"qemu-armhf"}
    assert {board for board, core in found.items() if core == board} == {
        *("linux-x86_64", "qemu-aarch64", "qemu-armhf")
    }
    assert {core for board, core in found.items() if core != board} == {"qemu-aarch64"}
    measured = Measured(Need(64, 16, 0), Need(80, 16, 0), "x")
    for board_id, margin in (("raspberrypi4", OTHER_COMPILER_BYTES), ("raspberrypi3_32", 0)):
        board = get_board(board_id)  # of which one has the twin's very flags
        chosen = choose(board, probe.emulated_core(board), measured, None)
        assert (chosen.estimated, chosen.bytes) == (False, 64 + margin)


@pytest.mark.parametrize("kernels", ["reference", "cmsis_nn"])
def test_what_fits_the_micro_bit(run: Run, kernels: str) -> None:
    built, result = run("m0", kernels)
    assert result.verdict is Verdict.MATCH, result.reason
    # Measured on the Cortex-M3, for another core.
    assert result.arena_enough_bytes == built.generated.arena_minimum_bytes


def test_the_command_that_verify_prints_is_followed(
    run: Run,
    pools: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It builds into the same project what was built, kernels included, with the smaller arena."""
    run("m4", "reference")  # what it needs is known from then on
    built, result = run("m4", "reference", 4096)
    monkeypatch.chdir(pools.parent)
    program, *words = shlex.split(result.arena_command)
    assert program == "tinygen"
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    project = built.generated.project
    assert read(project).arena.bytes == result.arena_enough_bytes
    assert read(project).kernel_set == "reference"
    again = verify(project)
    assert again.verdict is Verdict.MATCH
    assert (again.arena_enough_bytes, again.arena_command) == (None, "")


def test_of_another_models_firmware_no_arena_is_said_to_do(run: Run, tmp_path: Path) -> None:
    built, result = run("m4", "reference", 4096)
    needed = built.generated.arena_minimum_bytes
    assert result.arena_enough_bytes == needed
    running = qemu.running(built.generated.project / ".tinygen")
    assert running is not None
    (tmp_path / "small.tflite").write_bytes(stand_in.pools((8, 8, 4), (4, 4, 4)))
    other = generate(
        tmp_path / "small.tflite", board="qemu-cortex-m4", engine="tflm", out=tmp_path / "other"
    )
    result = verify(other.project, port=running.url)
    assert result.verdict is Verdict.UNVERIFIED
    assert result.arena_enough_bytes is None


def test_the_folder_does_not_matter(run: Run) -> None:
    first, _ = run("m4", "reference")
    second, _ = run("m4", "reference")
    assert second.elf != first.elf
    assert second.elf.read_bytes() == first.elf.read_bytes()


def test_what_was_measured_is_remembered(
    pools: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = generate(pools, board="qemu-cortex-m3", engine="tflm", out=tmp_path / "a")
    monkeypatch.setattr(probe, "measure", lambda *_: pytest.fail("measured again"))
    second = generate(pools, board="qemu-cortex-m3", engine="tflm", out=tmp_path / "b")
    assert second.arena_bytes == first.arena_bytes
    assert second.notes == first.notes


def test_a_model_that_does_not_start_is_told(tmp_path: Path) -> None:
    model = tmp_path / "same.tflite"
    model.write_bytes(stand_in.pools((8, 8, 4), (4, 4, 4), padding=0))
    with pytest.raises(UnsupportedModel, match="does not run the model") as caught:
        generate(model, board="qemu-cortex-m4", engine="tflm", out=tmp_path / "p")
    assert "operator 0 cannot run" in caught.value.why, "in the interpreter's own words"
    assert "--arena" in caught.value.next_step
    made = generate(model, board="qemu-cortex-m4", engine="tflm", out=tmp_path / "p", arena=4096)
    assert made.arena_bytes == 4096
    assert any("was not measured" in note for note in made.notes)


def test_an_error_text_is_kept_on_request(tmp_path: Path) -> None:
    """The interpreter's words about what it cannot run are in the image, or are not; those of a
    model that did not start, long before, reach who asks."""
    model = tmp_path / "same.tflite"
    model.write_bytes(stand_in.pools((8, 8, 4), (4, 4, 4), padding=0))
    kept = []
    for debug in (False, True):
        made = build(
            model,
            board="qemu-cortex-m4",
            engine="tflm",
            out=tmp_path / f"p{debug}",
            arena=4096,
            debug=debug,
        )
        kept.append(b"(out of range)" in made.elf.read_bytes())
    assert kept == [False, True]
    for project, said in ((tmp_path / "pFalse", False), (tmp_path / "pTrue", True)):
        try:
            with pytest.raises(DoesNotFit, match="does not start in 4,096 bytes") as caught:
                verify(project)
        finally:
            stop(project)
        assert ("operator 0 cannot run" in caught.value.why) is said
        assert ("--debug" in caught.value.next_step) is not said, "never what was done already"


def test_where_nothing_is_gained_the_plan_is_left_out(tmp_path: Path) -> None:
    """A RESHAPE alone: its two tensors live at once, whoever places them."""
    (tmp_path / "one.tflite").write_bytes(stand_in.pools((4, 4, 2)))
    made = generate(
        tmp_path / "one.tflite", board="qemu-cortex-m4", engine="tflm", out=tmp_path / "p"
    )
    assert any("(not used)" in note for note in made.notes)
    data = (made.project / "lib/model/src/model_data.h").read_text("utf-8")
    assert "memory plan" not in data


def test_a_file_that_only_changes_the_type_of_its_edge_computes_nothing(tmp_path: Path) -> None:
    """Without the QUANTIZE at its edge, no operator is left for the interpreter."""
    edge = tensor((1, 16), DType.FLOAT32)
    model = single_operator("QUANTIZE", [edge], [tensor((1, 16), scale=0.5)])
    (tmp_path / "float.tflite").write_bytes(model)
    with pytest.raises(UnsupportedModel, match="computes nothing"):
        generate(
            tmp_path / "float.tflite", board="qemu-cortex-m4", engine="tflm", out=tmp_path / "p"
        )
