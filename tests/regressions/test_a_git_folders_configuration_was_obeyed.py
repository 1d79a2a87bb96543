"""`tinygen setup tflm --source FOLDER` ran what the folder's git configuration names: filters,
helpers, hooks. Only the objects of a git folder are read, whatever is configured there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tinygen.engines.tflm import fetch

IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@example.org")


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """The file that is written when anything configured runs."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    return tmp_path / "ran"


def repository(folder: Path, ran: Path) -> str:
    """A repository with a hostile configuration; its revision."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(folder), *IDENTITY, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    folder.mkdir()
    (folder / "a.c").write_text("int a;\n")
    (folder / "b.c").write_text("int b;\n")
    (folder / ".gitattributes").write_text("*.c filter=evil diff=evil\n")
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "all")
    program = folder / "program"
    program.write_text(f"#!/bin/sh\necho ran >> {ran}\ncat\n")
    program.chmod(0o755)
    for name in (
        *("filter.evil.smudge", "filter.evil.clean", "filter.evil.process", "diff.evil.textconv"),
        *("core.fsmonitor", "core.sshCommand", "core.pager", "core.gitProxy"),
        *("tar.tar.command", "uploadpack.packObjectsHook", "core.alternateRefsCommand"),
    ):
        git("config", name, str(program))
    git("config", "filter.evil.required", "true")
    hooks = folder / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "post-index-change", "reference-transaction"):
        shutil.copy(program, hooks / name)
    (folder / ".git" / "info" / "attributes").write_text("*.c filter=evil export-ignore\n")
    return git("rev-parse", "HEAD")


@pytest.mark.parametrize("name", ["repo", 'a:b "c"\\d', "ümläut $(x)"])
@pytest.mark.invariant("S14")
def test_only_objects_are_read(tmp_path: Path, ran: Path, name: str) -> None:
    revision = repository(tmp_path / name, ran)
    ran.unlink(missing_ok=True)
    found = fetch.read(tmp_path / name, revision, lambda path: path.endswith(".c"), [])
    assert found == {"a.c": b"int a;\n", "b.c": b"int b;\n"}
    assert not ran.exists()


def test_a_linked_worktree_has_its_repositorys_objects(tmp_path: Path, ran: Path) -> None:
    revision = repository(tmp_path / "main", ran)
    for key in ("filter.evil.smudge", "filter.evil.process", "core.fsmonitor"):
        subprocess.run(["git", "-C", str(tmp_path / "main"), "config", "--unset", key], check=True)
    shutil.rmtree(tmp_path / "main" / ".git" / "hooks")
    command = ["git", "-C", str(tmp_path / "main"), "-c", "filter.evil.required=false"]
    subprocess.run(
        [*command, "worktree", "add", "-q", "--detach", str(tmp_path / "linked")], check=True
    )
    (tmp_path / "linked" / "a.c").write_text("int changed;\n")
    found = fetch.read(tmp_path / "linked", revision, lambda path: path == "a.c", [])
    assert found == {"a.c": b"int a;\n"}


def test_a_promised_object_is_not_fetched(tmp_path: Path, ran: Path) -> None:
    """A partial clone names a remote that may be any program."""
    revision = repository(tmp_path / "main", ran)
    git = ["git", "-C", str(tmp_path / "main")]
    blob = subprocess.run(
        [*git, "rev-parse", f"{revision}:a.c"], check=True, capture_output=True, text=True
    ).stdout.strip()
    (tmp_path / "main" / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    for setting in (
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.url", f"ext::sh -c echo% ran% >>{ran}"),
        ("protocol.ext.allow", "always"),
    ):
        subprocess.run([*git, "config", *setting], check=True)
    ran.unlink(missing_ok=True)
    assert fetch._git_archive(tmp_path / "main", revision) is None
    assert not ran.exists()
