"""A header with a negative shape ended in a traceback, and claims of size were believed.

No `.npy` or `.npz` file may run code, take more memory than its limit, or end in a traceback.
"""

from __future__ import annotations

import io
import os
import random
import struct
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.regressions.data_files import refused
from tinygen.data import read_data
from tinygen.errors import InputError
from tinygen.ir import Edge

IMAGE = Edge.real("image", (1, 8, 8, 1))
ROW = Edge.real("features", (1, 3))


def array_file(header: str, values: bytes = b"\x00" * 240, version: int = 1) -> bytes:
    """An `.npy` file with this header."""
    text = header.encode("latin1") + b"\n"
    size = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + values


def stored(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def archive(path: Path, entries: list[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries:
            file.writestr(name, content)
    return path


HEADERS = [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 8, 8, 1)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, -8, 8, 1)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 3)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 3)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': ()}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1.5, 3)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': 'x'}",
    "{'descr': '<f4', 'fortran_order': 'no', 'shape': (20, 3)}",
    "{'descr': '|O', 'fortran_order': False, 'shape': (20, 3)}",
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (20, 3)}",
    "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (20, 3)}",
    "{'descr': ('<f4', (3,)), 'fortran_order': False, 'shape': (20,)}",
    "{'descr': '<U0', 'fortran_order': False, 'shape': (20, 3)}",
    "{'descr': '|V0', 'fortran_order': False, 'shape': (999999999999, 3)}",
    "{'descr': '<c8', 'fortran_order': False, 'shape': (5, 3)}",
    "{'descr': '<M8[s]', 'fortran_order': False, 'shape': (5, 3)}",
    "{'descr': 'nonsense', 'fortran_order': False, 'shape': (5, 3)}",
    "{'descr': '<f4', 'fortran_order': False}",
    "{}",
    "",
    "(" * 5000,
    "[" * 200 + "]" * 200,
    "__import__('os').system('touch was_here')",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (20L, 3L), }\x00",
    "{'descr': '\\d', 'fortran_order': False, 'shape': (1, 3)}",
]


@pytest.mark.parametrize("header", HEADERS)
def test_headers(tmp_path: Path, header: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for version in (1, 2):
        path = tmp_path / "data.npy"
        path.write_bytes(array_file(header, version=version))
        refused(path, ROW)
        refused(archive(tmp_path / "data.npz", [("x.npy", path.read_bytes())]), ROW)
    assert not (tmp_path / "was_here").exists()


@pytest.mark.parametrize("name", ["data.npy", "data.npz"])
def test_fields_with_the_names_of_other_scripts(tmp_path: Path, name: str) -> None:
    values = np.zeros(20, [("größe\u0130", np.float32)])
    path = tmp_path / name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (np.save if name.endswith("y") else np.savez)(path, values)
    refused(path, ROW)


def test_arrays_of_other_orders_and_types_are_read(tmp_path: Path) -> None:
    path = tmp_path / "data.npy"
    wanted = np.arange(120).reshape(40, 3)
    for array in (np.asfortranarray(wanted), wanted.astype(">i2"), wanted.astype("<f8").T.copy().T):
        np.save(path, array)
        assert np.array_equal(read_data(path, [ROW]).inputs[0], wanted)


def test_two_arrays_of_one_name(tmp_path: Path) -> None:
    one = stored(np.ones((20, 3), np.float32))
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = archive(tmp_path / "data.npz", [("x.npy", one), ("x.npy", one)])
    assert "two arrays" in refused(path, ROW).what


@pytest.mark.invariant("S7")
def test_names_that_are_paths_write_nothing(tmp_path: Path) -> None:
    one = stored(np.linspace(0, 1, 60, dtype=np.float32).reshape(20, 3))
    inner = tmp_path / "inner"
    inner.mkdir()
    path = archive(inner / "data.npz", [("../../x.npy", one), ("/tmp/../y.npy", one)])
    refused(path, ROW)
    assert [entry.name for entry in tmp_path.iterdir()] == ["inner"]
    assert [entry.name for entry in inner.iterdir()] == ["data.npz"]


def test_an_array_that_is_not_used_may_be_anything(tmp_path: Path) -> None:
    one = stored(np.linspace(0, 1, 60, dtype=np.float32).reshape(20, 3))
    path = archive(tmp_path / "data.npz", [("x.npy", one), ("meta.npy", array_file(HEADERS[10]))])
    assert read_data(path, [ROW]).inputs[0].shape == (20, 3)


def test_archives_that_zipfile_does_not_read(tmp_path: Path) -> None:
    one = stored(np.ones((20, 3), np.float32))
    path = archive(tmp_path / "data.npz", [("x.npy", one)])
    content = path.read_bytes()
    for position, value in ((6, 1), (8, 99)):  # encrypted; a compression that there is not
        changed = bytearray(content)
        changed[position] = value
        central = content.index(b"PK\x01\x02")
        changed[central + position + 2] = value
        path.write_bytes(changed)
        refused(path, ROW)


@pytest.mark.invariant("S3")
def test_claims_take_no_memory(tmp_path: Path) -> None:
    """A bomb is refused by what it says, before it is unpacked."""
    claim = "{'descr': '<f4', 'fortran_order': False, 'shape': (400000000, 3)}"
    path = tmp_path / "data.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open("x.npy", "w", force_zip64=True) as member,
    ):
        member.write(array_file(claim, b""))
    content = bytearray(path.read_bytes())
    central = content.index(b"PK\x01\x02")
    content[central + 24 : central + 28] = struct.pack("<I", 0xFFFF_FF00)
    path.write_bytes(content)
    tracemalloc.start()
    refused(path, ROW)
    assert tracemalloc.get_traced_memory()[1] < 64 << 20
    tracemalloc.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space")
@pytest.mark.invariant("S3")
def test_a_bomb_stays_below_two_gigabytes(tmp_path: Path) -> None:
    """One that unpacks to as much as is allowed."""
    path = tmp_path / "data.npz"
    count = (1 << 28) // 3
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({count}, 3)}}"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open("x.npy", "w") as member,
    ):
        member.write(array_file(header, b"\x01\x02\x03"))
        for _ in range(0, 3 * count - 3, 3 << 20):
            member.write(bytes(3 << 20))
    script = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
        "from tinygen.data import read_data\n"
        "from tinygen.ir import Edge\n"
        "print(len(read_data(sys.argv[1], [Edge.real('features', (1, 3))]).inputs[0]))\n"
    )
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == count


@pytest.mark.parametrize("kind", ["npy", "npz", "csv"])
def test_mutated_files(tmp_path: Path, kind: str) -> None:
    """Read, or refused: nothing else."""
    numbers = random.Random(kind)
    x = np.linspace(0, 1, 60, dtype=np.float32).reshape(20, 3)
    path = tmp_path / f"data.{kind}"
    if kind == "npy":
        np.save(path, x)
    elif kind == "npz":
        np.savez_compressed(path, x=x, y=np.arange(20) % 2)
    else:
        path.write_text("a,b,c,label\n" + "".join(f"{a},{b},{c},u\n" for a, b, c in x))
    whole = path.read_bytes()
    outcomes = set()
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(numbers.choice([1, 1, 2, 8])):
            place = numbers.randrange(len(content))
            match numbers.randrange(4):
                case 0:
                    content[place] = numbers.randrange(256)
                case 1:
                    del content[place : place + numbers.randrange(1, 20)]
                case 2:
                    content[place:place] = numbers.randbytes(numbers.randrange(1, 20))
                case 3:
                    content[place:place] = numbers.choice([b"9", b"-", b"'", b",", b"\n", b'"'])
            content = content or bytearray(b"x")
        path.write_bytes(content)
        try:
            read_data(path, [ROW])
            outcomes.add("read")
        except InputError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_the_case_of_an_empty_map(cases: Path) -> None:
    assert "negative" in refused(cases / "header_empty_map.npy", IMAGE).why
