"""`verify` said MATCH of a device that ran other firmware than the project.

Build, flash, build other kernels into the same folder, verify: MATCH, for an emulator that still
ran the old ELF file. On hardware "forgot to flash" read MATCH wherever the model was the same.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.runner import GOLDEN_MODEL, tinygen
from tinygen.api.build import build, generate
from tinygen.api.built import look
from tinygen.api.flash import flash, stop
from tinygen.api.verify import VerifyResult, verify
from tinygen.boards import get_board
from tinygen.devices import qemu
from tinygen.errors import InputError
from tinygen.pio import core, elf_file
from tinygen.project import build_id, open_project
from tinygen.proof.verdict import Verdict

BOARD = "qemu-cortex-m3"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built project that no test changes."""
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    folder = tmp_path_factory.mktemp("original") / "p"
    with contextlib.chdir(folder.parent):
        return build(GOLDEN_MODEL, board=BOARD, out=folder, jobs=1).generated.project


@pytest.fixture
def project(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of its own for each test; the emulators of all projects end with the test."""
    monkeypatch.chdir(tmp_path)
    yield Path(shutil.copytree(original, tmp_path / "p"))
    for folder in tmp_path.iterdir():
        qemu.stop(folder / ".tinygen")


@contextlib.contextmanager
def device_with(elf: Path, folder: Path) -> Iterator[str]:
    """A device that goes on running `elf`, whatever becomes of the project; its port."""
    folder.mkdir()
    kept = Path(shutil.copy(elf, folder / "kept.elf"))
    try:
        yield qemu.start(get_board(BOARD), kept, folder).url
    finally:
        qemu.stop(folder)


def other_kernels(project: Path) -> None:
    """As another kernel set would be: other code for the same model, which computes the same."""
    kernel = next((project / "lib" / "model" / "src").rglob("tg_softmax.h"))
    text = kernel.read_text("utf-8")
    loop = "  for (int32_t row = 0; row < p->rows; ++row) {\n"
    assert text.count(loop) == 1
    kernel.write_text(text.replace(loop, loop + '__asm volatile("nop\\n\\tnop");\n'), "utf-8")


def pio_run(project: Path) -> None:
    """What a person does who edited the project."""
    command = [sys.executable, "-m", "platformio", "run", "-d", str(project)]
    subprocess.run(command, env=core.environment(), check=True, capture_output=True)


def build_of(project: Path) -> str:
    return build_id.build_id(project).hex()


def assert_unverified(result: VerifyResult, *named: str) -> None:
    """No number was compared, and the reason names both sides and what to do."""
    assert result.verdict is Verdict.UNVERIFIED
    assert result.exit_code == 6
    assert all(name in result.reason for name in named), result.reason
    assert "tinygen flash" in result.next_step
    assert (result.vectors, result.outputs, result.cost) == (0, (), None)
    # What other firmware says of itself is measured by this project's board: it means nothing.
    assert (result.startup, result.arena_bytes, result.stack_used_bytes) == (None, None, None)


def test_an_emulator_that_runs_the_old_elf_is_replaced(project: Path) -> None:
    first = flash(project)
    before = verify(project, vectors=2)
    assert before.port == first.port
    other_kernels(project)
    pio_run(project)
    result = verify(project, vectors=2)
    assert result.verdict is Verdict.MATCH, result.reason
    assert result.device is not None
    assert result.device.build_id == result.build_id == build_of(project) != first.build_id
    assert result.instructions is not None
    assert before.instructions is not None
    assert result.instructions > before.instructions, "it is the new firmware that was measured"
    assert result.port != first.port
    assert first.pid is not None
    assert not psutil.pid_exists(first.pid)
    assert verify(project, vectors=2).port == result.port, "the same ELF file goes on running"


@pytest.mark.invariant("S11")
def test_forgot_to_flash_is_unverified(project: Path, tmp_path: Path) -> None:
    before = build_of(project)
    with device_with(elf_file(project, BOARD), tmp_path / "device") as port:
        assert verify(project, port=port, vectors=2).verdict is Verdict.MATCH
        other_kernels(project)
        pio_run(project)
        result = verify(project, port=port)
        assert_unverified(result, before[:12], build_of(project)[:12])
        assert result.device is not None
        assert (result.device.build_id, result.build_id) == (before, build_of(project))
        ran = tinygen("verify", project, "--port", port, cwd=tmp_path)
    assert ran.code == 6
    assert ran.out.startswith("UNVERIFIED")
    assert f"build {build_of(project)[:12]}" in ran.out


def test_an_edit_after_the_build_is_told_as_such(project: Path, tmp_path: Path) -> None:
    before = build_of(project)
    flash(project)
    main = project / "src" / "main.c"
    main.write_text(main.read_text("utf-8") + "/* mine */\n", "utf-8")
    for command in (flash, verify):
        with pytest.raises(InputError, match="has changed since it was built") as caught:
            command(project)
        assert before[:12] in caught.value.why
        assert build_of(project)[:12] in caught.value.why
        assert f"pio run -d {project}" in caught.value.next_step
    with device_with(elf_file(project, BOARD), tmp_path / "device") as port:
        result = verify(project, port=port)
        assert_unverified(result, before[:12], build_of(project)[:12])
        assert "pio run" in result.next_step, "to flash is not enough"
    pio_run(project)
    assert flash(project).build_id == build_of(project)
    assert verify(project, vectors=2).verdict is Verdict.MATCH


def test_what_a_persons_build_writes_is_no_edit(project: Path) -> None:
    """The build writes the id anew; a later `tinygen build` must not refuse that file."""
    main = project / "src" / "main.c"
    kept = main.read_bytes()
    main.write_bytes(kept + b"/* mine */\n")
    pio_run(project)
    main.write_bytes(kept)
    built = build(GOLDEN_MODEL, board=BOARD, out=project, jobs=1)
    assert built.build_id == build_of(project)
    assert verify(project, vectors=2).verdict is Verdict.MATCH


def test_a_build_that_was_interrupted(project: Path, tmp_path: Path) -> None:
    """The old ELF file lies where the new one would: it is not taken for it."""
    content = GOLDEN_MODEL.read_bytes().replace(b"strokes", b"STROKES")
    (tmp_path / "digits.tflite").write_bytes(content)
    generate(tmp_path / "digits.tflite", board=BOARD, out=project)
    assert elf_file(project, BOARD).is_file()
    for command in (flash, verify):
        with pytest.raises(InputError, match="has changed since it was built"):
            command(project)
    pio_run(project)  # whoever builds
    assert flash(project).build_id == build_of(project)
    assert verify(project, vectors=2).verdict is Verdict.MATCH


def test_a_folder_rebuilt_for_another_board(project: Path, tmp_path: Path) -> None:
    flash(project)
    with device_with(elf_file(project, BOARD), tmp_path / "device") as port:
        build(GOLDEN_MODEL, board="qemu-cortex-m4", out=project, jobs=1)
        assert_unverified(verify(project, port=port), BOARD, "qemu-cortex-m4")
    result = verify(project, vectors=2)
    assert result.verdict is Verdict.MATCH, result.reason
    assert result.device is not None
    assert result.device.board == "qemu-cortex-m4"


@pytest.mark.usefixtures("tree")
def test_a_folder_rebuilt_with_another_engine(project: Path, tmp_path: Path) -> None:
    flash(project)
    with device_with(elf_file(project, BOARD), tmp_path / "device") as port:
        options: dict[str, Any] = {"engine": "tflm", "kernel_set": "reference", "arena": 8192}
        built = build(GOLDEN_MODEL, board=BOARD, out=project, jobs=1, **options)
        assert_unverified(verify(project, port=port), "aot", "tflm")
        assert verify(project, vectors=2).verdict is Verdict.MATCH
    with device_with(built.elf, tmp_path / "tflm") as port:
        for other in ({"kernel_set": "cmsis_nn"}, {"debug": True}, {"arena": 8208}):
            generate(GOLDEN_MODEL, board=BOARD, out=project, **{**options, **other})
            assert_unverified(verify(project, port=port), built.build_id[:12])


def test_a_copy_of_a_project_leaves_its_emulator_alone(project: Path, tmp_path: Path) -> None:
    first = flash(project)
    copy = Path(shutil.copytree(project, tmp_path / "copy"))
    assert not stop(copy).stopped
    copied = verify(copy, vectors=2)
    assert copied.verdict is Verdict.MATCH
    assert copied.port != first.port
    assert first.pid is not None
    assert psutil.pid_exists(first.pid)
    # Of the same sources it is the same firmware, wherever it was built.
    assert verify(project, port=copied.port, vectors=2).verdict is Verdict.MATCH
    moved = project.rename(tmp_path / "moved")
    assert verify(moved, vectors=2).port == first.port, "a moved project keeps its emulator"
    assert stop(moved).stopped


def test_one_projects_port_given_to_another_of_the_same_model(
    project: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(project, tmp_path / "other"))
    other_kernels(other)
    pio_run(other)
    result = verify(project, port=flash(other).port)
    assert_unverified(result, build_of(project)[:12], build_of(other)[:12])


def test_the_elf_file_the_device_and_the_sources_have_one_id(project: Path) -> None:
    built = look(open_project(project), get_board(BOARD))
    assert built.stamp is not None
    assert built.stamp.build_id == built.build_id == flash(project).build_id
    runs = verify(project, vectors=1).device
    assert runs is not None
    assert (runs.build_id, runs.compiler) == (built.build_id, built.stamp.compiler)
