"""What converts models is pinned, asked for by the model that needs it, and kept when pruning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tinygen import environments
from tinygen.api.cache import cache
from tinygen.convert import convert
from tinygen.environments import ENVIRONMENTS, ONNX, TORCH, Environment
from tinygen.errors import InputError
from tinygen.load import load

CONSTRAINTS = Path(environments.__file__).with_name("constraints")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TINYGEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("file", sorted(CONSTRAINTS.glob("*.txt")), ids=lambda path: path.name)
def test_every_package_has_one_version(file: Path) -> None:
    pins = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    assert len(pins) > 20
    for pin in pins:
        assert re.fullmatch(r"[\w.-]+==[\w.+]+(; sys_platform [!=]= \"linux\")?", pin), pin


@pytest.mark.parametrize("one", [one for one in ENVIRONMENTS if one.constraints])
def test_what_is_asked_for_is_what_is_pinned(one: Environment) -> None:
    pins = (CONSTRAINTS / one.constraints).read_text()
    assert all(requirement in pins for requirement in one.requirements)


@pytest.mark.parametrize(("name", "one"), [("net.onnx", ONNX), ("net.pt2", TORCH)])
def test_a_model_says_what_to_set_up_and_what_it_takes(
    tmp_path: Path, name: str, one: Environment
) -> None:
    import zipfile

    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/archive_format", "pt2")
    if one is ONNX:
        path.write_bytes(b"\x08\x08")
    with pytest.raises(InputError, match="not installed") as caught:
        load(path, convert=convert)
    assert "GB on disk" in caught.value.why
    assert caught.value.next_step == f"tinygen setup {one.name}"


def test_only_those_of_other_versions_are_pruned(folder: Path) -> None:
    mine = TORCH.folder(folder)
    old = mine.with_name("torch-0123456789ab")
    for made in (mine, old):
        made.mkdir(parents=True)
        (made / "package").write_bytes(b"x" * 100)
    (part,) = cache().parts
    assert (part.name, part.prunable_bytes) == (environments.FOLDER, 100)
    cache(prune=True)
    assert mine.is_dir()
    assert not old.exists()
