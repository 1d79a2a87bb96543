"""`tinygen build` in a folder with a `random.py` or `serial.py` ended in exit code 5, and the file
ran: children had the current folder first on their search path. `numpy.py` there made the oracle
the numpy reference. What the shell had set (CPATH, PYTHONPATH) reached compilers and children.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.runner import GOLDEN_MODEL, tinygen
from tinygen import processes
from tinygen.load.hdf5 import inspect_hdf5

NAMES = (
    *("random", "serial", "numpy", "h5py", "click", "json", "tempfile", "site", "SCons"),
    *("__future__", "typing", "dataclasses"),
)
BUILD = ("build", GOLDEN_MODEL, "--board", "qemu-cortex-m4", "--out", "p")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder whose Python files tell when one of them runs."""
    folder = tmp_path / "here"
    folder.mkdir()
    for name in NAMES:
        code = f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r} + ' ')\nraise SystemExit(77)\n"
        (folder / f"{name}.py").write_text(code)
    return folder


def ran(folder: Path) -> str:
    log = folder.parent / "ran"
    return log.read_text() if log.exists() else ""


def firmware(folder: Path) -> bytes:
    return (folder / "p/.pio/build/qemu-cortex-m4/firmware.elf").read_bytes()


@pytest.mark.invariant("S15")
def test_a_build_runs_nothing_of_the_folder(hostile: Path) -> None:
    done = tinygen(*BUILD, cwd=hostile)
    assert done.code == 0, done.err
    assert ran(hostile) == ""
    assert "expected by TensorFlow Lite Micro" in done.out


def test_an_empty_entry_of_pythonpath_is_not_the_current_folder(hostile: Path) -> None:
    search = f":{os.environ.get('PYTHONPATH', '')}:."
    done = tinygen(*BUILD, cwd=hostile, env={"PYTHONPATH": search})
    assert done.code == 0, done.err
    assert ran(hostile) == ""


def test_a_child_reads_nothing_of_the_folder(
    hostile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hostile)
    monkeypatch.setenv("PYTHONPATH", str(hostile))
    monkeypatch.setattr(sys, "path", ["", str(hostile), *sys.path])
    done = processes.run_python("random", input=b"", timeout=60)
    assert (done.returncode, ran(hostile)) == (0, "")
    with pytest.raises(Exception, match="damaged"):
        inspect_hdf5(b"\x89HDF\r\n\x1a\n", "x.h5")
    assert ran(hostile) == ""


def test_what_the_shell_sets_does_not_reach_the_compiler(tmp_path: Path) -> None:
    includes = tmp_path / "includes"
    includes.mkdir()
    for name in ("stdint.h", "string.h", "stddef.h", "stdbool.h"):
        (includes / name).write_text("#error a header of the shell's\n")
    shell = {
        **dict.fromkeys(("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH"), str(includes)),
        "CFLAGS": "-O0 -DCHANGED",
        "GCC_EXEC_PREFIX": str(includes) + "/",
        "COMPILER_PATH": str(includes),
        "LIBRARY_PATH": str(includes),
        "PLATFORMIO_BUILD_FLAGS": "-DCHANGED",
        "SCONSFLAGS": "--help",
        "PYTHONHOME": "",
        "LANGUAGE": "de",
    }
    plain, set_ = tmp_path / "plain", tmp_path / "set"
    for folder, env in ((plain, {}), (set_, shell)):
        folder.mkdir()
        (folder / "string.h").write_text("#error a header of the folder's\n")
        done = tinygen(*BUILD, cwd=folder, env=env)
        assert done.code == 0, done.err
    assert firmware(plain) == firmware(set_)


@pytest.mark.invariant("S15")
def test_programs_of_the_current_folder_are_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "arm-none-eabi-gcc"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ":.:/nowhere:")
    assert processes.which(program.name) is None
    assert processes.environment()["PATH"] == "/nowhere"


LONG = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
PARENT = f"""
import os, pathlib, sys
from tinygen import processes
script = pathlib.Path("long.py").absolute()
script.write_text({LONG!r})
with processes.python_lines(str(script), env=processes.environment()) as child:
    print(child.stdout.readline(), flush=True)
    child.stdout.read()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_child_ends_with_the_process_that_started_it(tmp_path: Path, how: signal.Signals) -> None:
    """After a kill PlatformIO went on as an orphan."""
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(how)
        parent.wait(30)
    end = time.monotonic() + 30
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.05)
