"""A damaged `vectors.npz` ended in a traceback, or in a MISMATCH that was blamed on the device."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.faults import host_device
from tinygen.api.own_data import stored_vectors
from tinygen.errors import InputError
from tinygen.project import VECTORS, Project, open_project
from tinygen.proof.oracle import HostRun
from tinygen.proof.vectors import Vectors

_GENERATOR = np.random.default_rng(1)
WHOLE = Vectors(
    inputs=(_GENERATOR.integers(-128, 128, (6, 1, 4), dtype=np.int8),),
    expected=(_GENERATOR.integers(-128, 128, (6, 1, 3), dtype=np.int8),),
    oracle="numpy",
    origins=("data", "test", *["random"] * 4),
    labels=np.array([0, 1, -1, -1, -1, -1]),
    litert=HostRun("LiteRT", (np.zeros((6, 1, 3), np.int8),)),
    real_outputs=(np.zeros((6, 1, 3), np.float32),),
)


def arrays() -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(WHOLE.to_bytes())) as file:
        return dict(file)


def packed(columns: dict[str, np.ndarray]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **columns)  # type: ignore[arg-type]
    return file.getvalue()


def changed(**columns: np.ndarray) -> bytes:
    return packed(arrays() | columns)


def without(name: str) -> bytes:
    return packed({key: value for key, value in arrays().items() if key != name})


def archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, content in members.items():
            made.writestr(f"{name}.npy", content)
    return file.getvalue()


def header(shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"descr": "|i1", "fortran_order": False, "shape": shape}
    )
    return file.getvalue()


def test_whole_vectors_are_read() -> None:
    again = Vectors.from_bytes(WHOLE.to_bytes())
    assert np.array_equal(again.inputs[0], WHOLE.inputs[0])
    assert again.origins == WHOLE.origins
    assert again.litert is not None
    assert again.to_bytes() == WHOLE.to_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no zip",
        WHOLE.to_bytes()[:-30],
        WHOLE.to_bytes()[: len(WHOLE.to_bytes()) // 2],
        *(without(name) for name in ("labels", "origins", "oracle", "input_0", "expected_0")),
        changed(input_0=np.zeros((5, 1, 4), np.int8)),
        changed(expected_0=np.zeros((7, 1, 3), np.int8)),
        changed(expected_0=np.zeros((6, 1, 3), bool)),
        changed(expected_0=np.zeros((6, 1, 3), complex)),
        changed(expected_0=np.array(0, np.int8)),
        changed(expected_0=np.array(["x"] * 6)),
        changed(input_0=np.array([None] * 6)),  # a pickle
        changed(litert_0=np.zeros((6, 1, 2), np.int8)),
        changed(real_0=np.zeros((6, 1, 3), np.int8)),
        changed(real_0=np.zeros((6,), np.float32)),
        changed(labels=np.zeros(6, np.float32)),
        changed(labels=np.zeros((6, 2), np.int64)),
        changed(origins=np.array([], dtype="U4")),
        changed(expected_2=np.zeros((6, 1, 3), np.int8)),
        archive(input_0=header((1 << 40,))),  # a terabyte that is not there
        archive(input_0=header((-1, 4))),
        archive(input_0=b"\x93NUMPY\x01\x00\xff\xff{"),
        archive(**{f"a{i}": b"" for i in range(1001)}),
    ],
)
def test_damaged_ones_are_a_clear_error(content: bytes) -> None:
    with pytest.raises(InputError, match="test vectors are damaged") as caught:
        Vectors.from_bytes(content)
    assert caught.value.next_step == "build the project again"


def test_mutations_are_read_or_refused() -> None:
    generator = random.Random(3)
    whole = WHOLE.to_bytes()
    for _ in range(1500):
        content = bytearray(whole)
        for _ in range(generator.randint(1, 4)):
            content[generator.randrange(len(content))] = generator.randrange(256)
        try:
            read = Vectors.from_bytes(bytes(content))
        except InputError:
            continue
        assert len(read.inputs[0]) == len(read.expected[0]) == len(read)


def _one_number_changed(content: bytes) -> bytes:
    vectors = Vectors.from_bytes(content)
    vectors.expected[0].reshape(-1)[0] ^= 1
    return vectors.to_bytes()


@pytest.fixture(scope="module", name="project")
def _project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return host_device.project(tmp_path_factory.mktemp("vectors") / "p")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda v: v[:-50], "damaged"),
        (lambda _: WHOLE.to_bytes(), "not of its model"),
        (_one_number_changed, "not those that were written"),
    ],
)
def test_a_project_with_other_vectors_is_not_verified(
    project: Path, change: Callable[[bytes], bytes], reason: str
) -> None:
    """Else the device would be held against numbers that the host never computed."""
    opened: Project = open_project(project)
    file = project / VECTORS
    right = file.read_bytes()
    assert len(stored_vectors(opened)) >= 100
    try:
        file.write_bytes(change(right))
        with pytest.raises(InputError, match=reason) as caught:
            stored_vectors(opened)
        assert "build the project again" in caught.value.next_step
    finally:
        file.write_bytes(right)
