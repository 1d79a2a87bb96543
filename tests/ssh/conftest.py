"""A real sshd on a port of this machine's loopback, with keys of its own; the home that it gives is
a folder of the test's."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

SSHD = "/usr/sbin/sshd"


@dataclass(frozen=True)
class Server:
    """`url` is what `--port` takes; `home` is a user's home there, `folder` has the keys."""

    url: str
    port: int
    home: Path
    folder: Path
    bin: Path
    """First on the PATH there."""

    @property
    def programs(self) -> Path:
        """Where `flash` puts programs."""
        return self.home / ".local" / "share" / "tinygen"

    def show_another_key(self) -> None:
        """To the client, the server's key is then another than it knew."""
        _key(self.folder / "other")
        _know(self.folder, self.port, self.folder / "other.pub")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    folder, home = tmp_path / "ssh", tmp_path / "home of a user"
    there = tmp_path / "bin there"
    for made in (folder, home, there, tmp_path / "bin"):
        made.mkdir()
    _key(folder / "host")
    _key(folder / "mine")
    shutil.copy(folder / "mine.pub", folder / "authorized")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "sshd_config").write_text(
        f"""Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
SetEnv HOME="{home}" PATH="{there}:/usr/bin:/bin"
"""
    )
    (folder / "config").write_text(
        f"""Host *
  IdentityFile {folder}/mine
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {folder}/known
  GlobalKnownHostsFile /dev/null
"""
    )
    _know(folder, port, folder / "host.pub")
    # A user's own configuration lies in their home, whatever HOME says: so ssh is told of this one.
    ssh = tmp_path / "bin" / "ssh"
    ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/config "$@"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}:{os.environ['PATH']}")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # as the service's unit does
    command = [SSHD, "-D", "-e", "-f", str(folder / "sshd_config")]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            _wait(port, process)
            yield Server(f"ssh://{getpass.getuser()}@127.0.0.1:{port}", port, home, folder, there)
        finally:
            process.terminate()
            for left in psutil.process_iter(["exe"]):  # of a test that failed
                if (left.info["exe"] or "").startswith(str(home)):
                    left.kill()


def _key(path: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
    subprocess.run(command, check=True)


def _know(folder: Path, port: int, key: Path) -> None:
    words = " ".join(key.read_text().split()[:2])
    (folder / "known").write_text(f"[127.0.0.1]:{port} {words}\n")


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("sshd did not start")
