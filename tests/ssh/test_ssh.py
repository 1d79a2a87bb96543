"""flash and verify through SSH, against a real sshd: from a build to MATCH on another machine, and
what is said where something of that does not work."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import tinygen
from tests.runner import GOLDEN_MODEL
from tests.ssh.conftest import Server
from tinygen.boards import get_board
from tinygen.devices.link import ProcessTransport
from tinygen.devices.link.ssh import Remote, parse_remote
from tinygen.errors import DeviceError, InputError, TinygenError, UntrustedProject
from tinygen.project.writing import STATE

BOARD = "linux-x86_64"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ssh") / "p"
    return tinygen.build(GOLDEN_MODEL, board=BOARD, out=folder).generated.project


@pytest.fixture
def copy(project: Path, tmp_path: Path) -> Path:
    """Of the project, for a test to flash."""
    return Path(shutil.copytree(project, tmp_path / "p"))


def services(home: Path) -> list[psutil.Process]:
    """What runs of the programs in that home, once those of closed sessions have seen their end."""
    end = time.monotonic() + 5
    while True:
        running = [
            process
            for process in psutil.process_iter(["exe"])
            if (process.info["exe"] or "").startswith(str(home))
            and process.status() != psutil.STATUS_ZOMBIE
        ]
        if len(running) < 2 or time.monotonic() > end:
            return running
        time.sleep(0.05)


def refused(call: Callable[[], object], kind: type[TinygenError] = DeviceError) -> TinygenError:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.next_step
    return caught.value


def test_flash_verify_stop(copy: Path, server: Server) -> None:
    flashed = tinygen.flash(copy, port=server.url)
    assert flashed.port == f"{server.url}/digits"
    assert flashed.service is not None
    program = server.programs / "digits" / "firmware"
    assert program.stat().st_mode & 0o777 == 0o700
    (service,) = services(server.home)
    places = [c.laddr for c in service.net_connections() if c.status == psutil.CONN_LISTEN]
    assert places == [("127.0.0.1", flashed.service.port)], "on the loopback alone"

    result = tinygen.verify(copy)  # where it is, flash has kept
    assert (result.verdict, result.port) == (tinygen.Verdict.MATCH, flashed.port)
    assert result.vectors >= 100
    assert result.device is not None
    assert result.device.build_id == flashed.build_id == result.build_id
    assert result.cost is not None
    assert result.cost.unit == "nanoseconds"
    assert services(server.home) == [service], "the program of the session has ended"

    tunnel = f"socket://127.0.0.1:{flashed.service.port}"  # of the loopback, as a tunnel's end is
    for _ in range(2):  # one host after the other
        through = tinygen.verify(copy, port=tunnel, vectors=5)
        assert through.verdict is tinygen.Verdict.MATCH

    again = tinygen.flash(copy)  # to the same place, and what ran there ends
    assert again.port == flashed.port
    (other,) = services(server.home)
    assert other.pid != service.pid
    assert tinygen.stop(copy).stopped
    assert services(server.home) == []
    assert not tinygen.stop(copy).stopped
    assert tinygen.verify(copy, port=server.url, vectors=1).verdict is tinygen.Verdict.MATCH


SYSTEMCTL = r"""#!/bin/sh
# As systemd does with a unit of ours, as far as that: settings, a program in quotes, %% for %.
echo "$@" >>"$HOME/told"
unit="$HOME/.config/systemd/user/tinygen-digits.service"
case "$*" in
  *restart*)
    test -e "$HOME/main" && kill "$(cat "$HOME/main")" && sleep 0.5
    program=$(sed -n 's/^ExecStart="\(.*\)"$/\1/p' "$unit" | sed 's/%%/%/g')
    env "$(sed -n 's/^Environment=//p' "$unit")" "$program" </dev/null >/dev/null 2>&1 &
    echo $! >"$HOME/main"
    ;;
  *disable*) kill "$(cat "$HOME/main")" ;;
esac
"""


def test_where_there_is_systemd_it_keeps_the_service(copy: Path, server: Server) -> None:
    """A stand-in for it: no container has one for users."""
    for name, text in (("systemctl", SYSTEMCTL), ("loginctl", '#!/bin/sh\nexit "$LINGER"\n')):
        (server.bin / name).write_text(text.replace("$LINGER", "0"))
        (server.bin / name).chmod(0o755)
    flashed = tinygen.flash(copy, port=server.url)
    assert flashed.service is not None
    assert flashed.service.kept == "systemd, as a service of the user"
    unit = server.home / ".config" / "systemd" / "user" / "tinygen-digits.service"
    assert f"TINYGEN_LISTEN={flashed.service.port}\n" in unit.read_text()
    told = (server.home / "told").read_text().splitlines()
    assert told == [
        "--user show-environment",
        "--user daemon-reload",
        "--user enable -q tinygen-digits.service",
        "--user restart tinygen-digits.service",
    ]
    if shutil.which("systemd-analyze"):  # the real one's word about the unit
        env = {**os.environ, "XDG_RUNTIME_DIR": str(server.folder)}
        command = ["systemd-analyze", "verify", "--user", "--man=no", str(unit)]
        assert subprocess.run(command, env=env, check=False).returncode == 0
    (server.bin / "loginctl").write_text("#!/bin/sh\nexit 1\n")
    again = tinygen.flash(copy)
    assert again.service is not None
    assert "until they log out" in again.service.kept
    assert tinygen.stop(copy).stopped
    assert not unit.exists()
    assert services(server.home) == []


def test_a_program_that_ends_is_not_started_anew(
    copy: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    tinygen.flash(copy, port=server.url)
    tinygen.stop(copy)
    write, written = ProcessTransport.write, [0]

    def kill_and_write(self: ProcessTransport, data: bytes) -> None:
        written[0] += 1
        if written[0] == 20:
            (program,) = services(server.home)
            program.kill()
        write(self, data)

    monkeypatch.setattr(ProcessTransport, "write", kill_and_write)
    result = tinygen.verify(copy, port=server.url)
    assert result.verdict is tinygen.Verdict.UNVERIFIED
    assert 0 < result.vectors < result.vectors_total
    assert result.reconnects == 0


def test_a_program_of_before_is_told_from_this_one(copy: Path, server: Server) -> None:
    tinygen.flash(copy, port=server.url)
    tinygen.stop(copy)
    tinygen.build(GOLDEN_MODEL, board=BOARD, out=copy, optimize="size")
    result = tinygen.verify(copy, port=server.url)
    assert result.verdict is tinygen.Verdict.UNVERIFIED
    assert "the device runs build" in result.reason


def test_what_goes_wrong_on_the_way_is_said(project: Path, server: Server) -> None:
    def flash(url: str) -> TinygenError:
        return refused(lambda: tinygen.flash(project, port=url))

    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        closed = nobody.getsockname()[1]
        assert "has no SSH server" in flash(f"ssh://127.0.0.1:{closed}").what
    assert (
        "there is no machine named no.such.host.invalid" in flash("ssh://no.such.host.invalid").what
    )
    unknown = flash(server.url.replace("127.0.0.1", "localhost"))
    assert "is not known here" in unknown.what
    assert "compare the fingerprint" in unknown.next_step
    nothing = refused(lambda: tinygen.verify(project, port=server.url))
    assert "digits is not on" in nothing.what
    assert f"tinygen flash --port {server.url}" in nothing.next_step
    (server.folder / "authorized").write_text("")
    barred = flash(server.url)
    assert "does not let you in" in barred.what
    assert f"ssh-copy-id -p {server.port}" in barred.next_step
    server.show_another_key()
    assert "shows another key than it did before" in flash(server.url).what
    assert services(server.home) == []
    assert not server.programs.exists()


def test_another_architecture_is_refused_before_anything_is_copied(
    project: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinygen.api.flash.project_board", lambda _: get_board("raspberrypi4"))
    monkeypatch.setattr("tinygen.pio.elf_file", lambda *_: next(project.rglob("firmware.elf")))
    error = refused(lambda: tinygen.flash(project, port=server.url))
    assert "is Linux on x86_64, raspberrypi4 is Linux on aarch64" in error.what
    assert not server.programs.exists()


def test_a_full_disk_leaves_what_was_there(copy: Path, server: Server) -> None:
    """Here a limit on the size of files stands for it, and a shell's word for the reason."""
    tinygen.flash(copy, port=server.url)
    tinygen.stop(copy)
    program = server.programs / "digits" / "firmware"
    before = program.read_bytes()
    (server.programs / "digits" / "firmware.new").symlink_to("/dev/full")
    error = refused(lambda: tinygen.flash(copy, port=server.url))
    assert "has no space left" in error.what
    assert program.read_bytes() == before
    assert os.listdir(program.parent).count("firmware.new") == 0  # noqa: PTH208


def test_a_port_that_is_taken_there(copy: Path, server: Server) -> None:
    flashed = tinygen.flash(copy, port=server.url)
    tinygen.stop(copy)
    assert flashed.service is not None
    with socket.create_server(("127.0.0.1", flashed.service.port)) as taken:
        taken.settimeout(0)
        error = refused(lambda: tinygen.flash(copy, port=server.url))
    assert "its service does not answer" in error.what
    assert "Address already in use" in error.why
    assert tinygen.verify(copy, port=server.url, vectors=1).verdict is tinygen.Verdict.MATCH


@pytest.mark.invariant("S17")
def test_somebody_elses_record_is_not_followed(
    copy: Path, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tinygen.flash(copy, port=server.url)
    tinygen.stop(copy)
    (copy / STATE / "remote").write_text(f"{server.url}/digits")
    monkeypatch.setenv("TINYGEN_CACHE", str(tmp_path / "another user's"))
    for command in (tinygen.verify, tinygen.flash, tinygen.stop):
        refused(lambda command=command: command(copy), UntrustedProject)  # type: ignore[misc]


@pytest.mark.parametrize(
    "url",
    [
        "ssh://-oProxyCommand=touch hacked",
        "ssh://-oProxyCommand=x",
        "ssh://-l@host",
        "ssh://pi@-host",
        "ssh://pi@host;reboot",
        "ssh://pi@$(reboot)",
        "ssh://pi@host:0",
        "ssh://pi@host:70000",
        "ssh://pi@host/../x",
        "ssh://pi@host/a b",
        "ssh://pi@host\n",
        "ssh://",
        "ssh://pi@",
        "ssh://p'i@host",
        "ssh://%h@host",
    ],
)
def test_what_ssh_or_a_shell_would_take_for_its_own_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="names no machine"):
        parse_remote(url)


@pytest.mark.parametrize(
    ("url", "remote"),
    [
        ("ssh://raspberrypi.local", Remote("raspberrypi.local")),
        ("ssh://pi@10.0.0.7:2222/kws", Remote("pi@10.0.0.7", 2222, "kws")),
        ("ssh://pi@[fe80::1%eth0]:22", Remote("pi@fe80::1%eth0", 22)),
        ("ssh://my_host/", Remote("my_host")),
    ],
)
def test_what_names_a_machine(url: str, remote: Remote) -> None:
    assert parse_remote(url) == remote
    assert parse_remote(remote.url) == remote


def test_the_emulated_twin_can_be_a_service_too(tmp_path: Path) -> None:
    """What the environment asks for that is no port is said, and ends it."""
    built = tinygen.build(GOLDEN_MODEL, board="qemu-armhf", out=tmp_path / "p")
    for wrong in ("", "x", "0", "65536"):
        env = {**os.environ, "TINYGEN_LISTEN": wrong}
        done = subprocess.run(
            ["qemu-arm", built.elf], env=env, capture_output=True, check=False, timeout=60
        )
        assert done.returncode == 1
        assert b"TINYGEN_LISTEN is no port" in done.stderr
