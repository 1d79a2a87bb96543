"""A store of entries by content: what it gives back is whole, what it cannot do is no failure."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from tinygen.store import Store

CONTENT = bytes(range(256)) * 4


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "kept", 1 << 20)


def test_what_was_kept_comes_back(store: Store) -> None:
    assert store.get("a") is None
    before = time.time()
    store.put("a", CONTENT)
    store.put("b", b"")
    entry = store.get("a")
    assert entry is not None
    assert entry.content == CONTENT
    assert before - 1 <= entry.made <= time.time() + 1
    assert (found := store.get("b")) is not None
    assert found.content == b""
    assert not store.trouble


def test_an_entry_that_is_damaged_anywhere_is_none(store: Store, tmp_path: Path) -> None:
    store.put("a", CONTENT)
    path = tmp_path / "kept" / "a"
    whole = path.read_bytes()
    damaged = [whole[:length] for length in (0, 1, 20, 60, len(whole) - 1)]
    damaged += [whole + b"x", b"x" * len(whole)]
    for at in [*range(60), len(whole) // 2, len(whole) - 1]:
        damaged.append(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    for data in damaged:
        path.write_bytes(data)
        assert store.get("a") is None
        assert not path.exists(), "it is not read again"


def test_an_entry_of_another_key_is_none(store: Store, tmp_path: Path) -> None:
    store.put("a", CONTENT)
    (tmp_path / "kept" / "a").rename(tmp_path / "kept" / "b")
    assert store.get("b") is None


def test_it_stays_below_its_limit(tmp_path: Path) -> None:
    """What nobody asked for longest goes first."""
    store = Store(tmp_path, 4000)
    for age, key in enumerate("cba"):
        store.put(key, b"x" * 1200)
        os.utime(tmp_path / key, (1_000_000 - age, 1_000_000 - age))
    assert store.get("a") is not None  # the oldest, now asked for
    store.put("d", b"x" * 1200)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c", "d"]


def test_what_a_killed_writer_left_goes(store: Store, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    left, at_work = tmp_path / "kept" / "x.part", tmp_path / "kept" / "y.part"
    left.write_bytes(b"half")
    at_work.write_bytes(b"half")
    os.utime(left, (1_000_000, 1_000_000))
    store.put("a", CONTENT)
    assert not left.exists()
    assert at_work.exists(), "another process may be writing it"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store(tmp_path / "file" / "kept", 1 << 20)
    store.put("a", CONTENT)
    assert "Not a directory" in store.trouble
    assert store.get("a") is None


def test_no_room_on_the_disk(store: Store) -> None:
    """/dev/full is a disk that is full."""
    store.put("a", CONTENT)
    full = Store(Path("/dev/full"), 1 << 20)
    full.put("a", CONTENT)
    assert full.trouble
    assert full.get("a") is None


def _hammer(folder: Path, number: int) -> None:
    store = Store(folder, 8000)
    for turn in range(60):
        store.put(f"{turn % 5}", bytes([turn % 5]) * 2000)
        entry = store.get(f"{(turn + number) % 5}")
        assert entry is None or entry.content == bytes([(turn + number) % 5]) * 2000
    assert not store.trouble, store.trouble


def test_processes_at_once(tmp_path: Path) -> None:
    work = multiprocessing.get_context("fork")
    writers = [work.Process(target=_hammer, args=(tmp_path, number)) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
