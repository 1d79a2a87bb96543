"""A device that is a program on another machine, started there by `ssh` for as long as it is talked
to: over its standard streams, without an open port.

It is the user's own `ssh`, with their configuration, agent and known hosts. No question is asked:
what ssh would ask (a password, whether a host's key is the right one) is an error that says how to
answer it once.
"""

from __future__ import annotations

import re
import shlex
import time
from dataclasses import dataclass
from typing import NamedTuple

from tinygen import processes
from tinygen.devices.link.deadline import Clock
from tinygen.devices.link.faults import Disconnected
from tinygen.devices.link.process import ProcessTransport
from tinygen.errors import DeviceError, InputError, ToolchainError
from tinygen.printable import printable

SCHEME = "ssh://"

_URL = re.compile(
    r"ssh://(?:(?P<user>[a-z_][a-z0-9_.-]*)@)?"
    r"(?P<host>[a-z0-9_][a-z0-9_.-]*|\[[0-9a-f:.]+(?:%[a-z0-9_.-]+)?\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?:/(?P<program>[a-z0-9_][a-z0-9_.-]*)?)?",
    re.ASCII | re.IGNORECASE,
)
"""Neither user nor host can begin with a dash, or hold what a shell takes for its own."""

_OPTIONS = (
    *("-T", "-oBatchMode=yes", "-oRemoteCommand=none", "-oClearAllForwardings=yes"),
    *("-oConnectTimeout=10", "-oServerAliveInterval=5", "-oServerAliveCountMax=3"),
)
"""No terminal and no questions, nothing but our command, and an end to every wait. Whose key a host
has to show stays as the user has it."""

_CONNECT_SECONDS = 45.0
_THERE = b"tinygen: connected\n"
"""What the other side says before the program: a user's start-up files may say things too."""

NOT_FLASHED = 96
"""The exit status of our own scripts where the program is not there."""


@dataclass(frozen=True)
class Remote:
    """A program on another machine. `destination` is what ssh calls the machine, with the user
    where one is named; `program` is the name that `flash` put it there by."""

    destination: str
    port: int | None = None
    program: str = ""

    @property
    def url(self) -> str:
        """As it is given to `--port`."""
        user, at, host = self.destination.rpartition("@")
        host = f"[{host}]" if ":" in host else host
        port = "" if self.port is None else f":{self.port}"
        program = f"/{self.program}" if self.program else ""
        return f"{SCHEME}{user}{at}{host}{port}{program}"

    @property
    def by_hand(self) -> str:
        """The command that a person types to get there."""
        port = "" if self.port is None else f"-p {self.port} "
        return f"ssh {port}{self.destination}"

    @property
    def folder(self) -> str:
        """Where the program lies there: a word of a shell's."""
        return f'"${{XDG_DATA_HOME:-$HOME/.local/share}}/tinygen/{self.program}"'


def parse_remote(url: str) -> Remote:
    """The machine and the program of `ssh://[USER@]HOST[:PORT][/PROGRAM]`; else InputError."""
    found = _URL.fullmatch(url)
    port = int(found["port"]) if found and found["port"] else None
    if found is None or port == 0 or (port or 0) > 0xFFFF:
        raise InputError(
            f"{printable(url)} names no machine that ssh could reach",
            why="it is ssh://HOST, ssh://USER@HOST or ssh://USER@HOST:PORT, in letters and digits; "
            "what else ssh is to be told belongs into its own configuration",
            next_step="--port ssh://pi@raspberrypi.local",
        )
    at = f"{found['user']}@" if found["user"] else ""
    return Remote(at + found["host"].strip("[]"), port, found["program"] or "")


def ssh_command(remote: Remote, script: str) -> list[str]:
    """The command that runs the lines of a shell there, whatever the user's own shell is."""
    line = " ".join(("exec sh -c", shlex.quote(script)))
    return [*_ssh(remote), "--", remote.destination, line]


def tunnel_command(remote: Remote, port: int) -> list[str]:
    """The command whose standard streams are a TCP port of that machine's loopback."""
    return [*_ssh(remote), "-W", f"127.0.0.1:{port}", "--", remote.destination]


def _ssh(remote: Remote) -> list[str]:
    program = processes.which("ssh")
    if program is None:
        raise ToolchainError(
            "ssh is not installed",
            why="it is not on PATH",
            next_step="sudo apt-get install openssh-client",
        )
    return [program, *_OPTIONS, *(("-p", str(remote.port)) if remote.port is not None else ())]


class _Cause(NamedTuple):
    """What ssh or a shell says, what that means, and what to do, with the machine filled in."""

    said: str
    what: str
    next_step: str


_CAUSES = (
    _Cause(
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "{host} shows another key than it did before",
        "was it installed anew? Then ssh-keygen -R {name}, and {ssh} once; else somebody may be in "
        "between",
    ),
    _Cause(
        "Host key verification failed",
        "the key of {host} is not known here",
        "{ssh} once, and compare the fingerprint that it shows",
    ),
    _Cause(
        "Permission denied (",
        "{host} does not let you in with your keys",
        "ssh-copy-id {copy} puts your key there; then {ssh} has to work without a question",
    ),
    _Cause(
        "Could not resolve hostname",
        "there is no machine named {host}",
        "look at its name, or take its address: --port ssh://USER@192.168.1.23",
    ),
    _Cause(
        "Connection refused",
        "{host} has no SSH server there",
        "on it: sudo systemctl enable --now ssh (Raspberry Pi: sudo raspi-config, Interface "
        "Options, SSH)",
    ),
    *(
        _Cause(said, "{host} does not answer", "is it on, and in this network? {ssh}")
        for said in ("timed out", "No route to host", "Network is unreachable", "not responding")
    ),
    *(
        _Cause(said, "{host} has no space left", "make room there: {ssh} df -h")
        for said in ("No space left on device", "Disk quota exceeded")
    ),
    *(
        _Cause(said, "{host} cannot run the program", "build it for a board of that architecture")
        for said in ("Exec format error", "cannot execute", "Illegal instruction")
    ),
)


def ssh_error(remote: Remote, status: int | None, said: str) -> DeviceError:
    """What went wrong, in words: of ssh's or the other side's exit status and its messages."""
    host = remote.destination
    words = {
        "host": host,
        "name": host.rpartition("@")[2],
        "ssh": remote.by_hand,
        "copy": remote.by_hand.removeprefix("ssh "),
    }
    if status == NOT_FLASHED:
        return DeviceError(
            f"{remote.program} is not on {host}",
            why="nothing was put there under that name",
            next_step=f"tinygen flash --port {remote.url}",
        )
    for cause in _CAUSES:
        if cause.said in said:
            next_step = cause.next_step.format(**words)
            return DeviceError(cause.what.format(**words), why=said, next_step=next_step)
    why = said if status is None else f"{said}\nexit status {status}".strip()
    return DeviceError(f"ssh to {host} failed", why=why, next_step=remote.by_hand)


class SshTransport(ProcessTransport):
    """Talks to the remote program, or with `service` to what listens on that port there."""

    def __init__(self, remote: Remote, service: int | None = None) -> None:
        """DeviceError, with the reason, where the program cannot be reached or is not there."""
        self._remote = remote
        self._early = b""
        if service is not None:
            super().__init__(tunnel_command(remote, service))
            return
        super().__init__(ssh_command(remote, _run_script(remote)))
        try:
            self._wait()
        except Disconnected as error:
            self.close()
            raise DeviceError(error.what, why=error.why, next_step=error.next_step) from error
        except BaseException:
            self.close()
            raise

    @property
    def clock(self) -> Clock:
        """Of a program elsewhere nobody here knows whether it could run."""
        return time.monotonic

    def read(self, timeout: float) -> bytes:
        if self._early:
            early, self._early = self._early, b""
            return early
        return super().read(timeout)

    def _wait(self) -> None:
        end = time.monotonic() + _CONNECT_SECONDS
        heard = b""
        while _THERE not in heard:
            if (left := end - time.monotonic()) <= 0:
                raise DeviceError(
                    f"{self._remote.destination} does not answer",
                    why=f"ssh had no connection after {_CONNECT_SECONDS:.0f} s",
                    next_step=self._remote.by_hand,
                )
            heard += super().read(left)
        self._early = heard.partition(_THERE)[2]

    def _gone(self, why: str) -> DeviceError:
        status, said = self._end()
        error = ssh_error(self._remote, status, said or why)
        return Disconnected(error.what, why=error.why, next_step=error.next_step)


def _run_script(remote: Remote) -> str:
    said = shlex.quote(_THERE.decode().rstrip("\n") + r"\n")
    return (
        f'p={remote.folder}/firmware; test -x "$p" || exit {NOT_FLASHED}; printf {said}; exec "$p"'
    )


def run_there(remote: Remote, script: str, input: bytes = b"", seconds: float = 120.0) -> str:
    """What the lines of a shell say there, given `input`. DeviceError where they fail."""
    try:
        done = processes.run(ssh_command(remote, script), input=input, timeout=seconds)
    except processes.TimeoutExpired:
        raise ssh_error(remote, None, f"it timed out: not done after {seconds:.0f} s") from None
    if done.returncode != 0:
        raise ssh_error(remote, done.returncode, said(done.stderr))
    return done.stdout.decode("utf-8", "replace")


def said(errors: bytes) -> str:
    """The last words on a standard error."""
    return errors.decode("utf-8", "replace").strip()[-2000:]
