"""What a fuzzer found worth keeping, replayed under sanitizers; `make fuzz-frames` adds to it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.protocol import fuzz


@pytest.mark.invariant("S10")
def test_the_corpus_finds_nothing(tmp_path: Path) -> None:
    corpus = sorted(fuzz.CORPUS.iterdir())
    assert len(corpus) > 50
    replay = fuzz.compile_replay(tmp_path / "replay")
    done = subprocess.run([replay, *corpus], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{len(corpus)} inputs\n"


def test_the_conversations_it_starts_from_are_those_of_today() -> None:
    """A change of the protocol makes them anew: else the fuzzer starts from what is refused."""
    for name, content in fuzz.seeds().items():
        assert (fuzz.CORPUS / name).read_bytes() == content, name


def test_without_clang_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="apt-get install clang"):
        fuzz.compile_fuzzer(tmp_path / "fuzzer")


def test_without_clangs_libraries_it_says_so_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clang = tmp_path / "clang"
    clang.write_text("#!/bin/sh\nexit 1\n")
    clang.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(SystemExit, match="libclang-rt"):
        fuzz.compile_fuzzer(tmp_path / "fuzzer")
