"""The firmware on another machine with Linux: copied there through SSH, and kept running as a
service of the user's that listens on a port of that machine's loopback.

Everything is done by lines of a shell, told to `ssh`: nothing has to be installed there.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from tinygen.boards import Board, Linux
from tinygen.devices.link.ssh import Remote, run_there
from tinygen.errors import DeviceError

_FIRST_PORT = 20_000
_PORTS = 10_000
"""Below those that Linux gives to connections."""

_SERVICE = """[Unit]
Description=tinygen firmware {program}

[Service]
Environment=TINYGEN_LISTEN={port}
ExecStart="%s/firmware"
Restart=on-failure

[Install]
WantedBy=default.target
"""


@dataclass(frozen=True)
class Service:
    """What listens on `port` of the machine's loopback; `kept` says by whom it is kept running."""

    port: int
    kept: str


def program_name(model: str) -> str:
    """What a model's program is called on another machine."""
    return re.sub(r"[^a-z0-9_.-]|^[.-]", "_", model.lower(), flags=re.ASCII)[:64] or "model"


def service_port(program: str) -> int:
    """The port of a program's service: by its name, so that two seldom want the same."""
    return _FIRST_PORT + zlib.crc32(program.encode()) % _PORTS


def require_machine(remote: Remote, board: Board) -> str:
    """What the machine calls its architecture; DeviceError where it is not the board's."""
    assert isinstance(board.device, Linux)
    system, _, machine = run_there(remote, "uname -sm").strip().rpartition("\n")[2].partition(" ")
    if system == "Linux" and machine in board.device.machines:
        return machine
    raise DeviceError(
        f"{remote.destination} is {system} on {machine}, {board.id} is Linux on "
        f"{' or '.join(board.device.machines)}",
        why="a program of one does not run on the other",
        next_step="build for a board of that architecture: tinygen boards",
    )


def install(remote: Remote, elf: Path) -> None:
    """Put the program there, whole or not at all."""
    content = elf.read_bytes()
    script = (
        f'set -e; umask 077; d={remote.folder}; n="$d/firmware.new"; mkdir -p "$d"; '
        "trap 'rm -f \"$n\"' EXIT; "
        f'cat > "$n"; test "$(wc -c < "$n")" -eq {len(content)}; chmod 700 "$n"; '
        'mv -f "$n" "$d/firmware"'
    )
    run_there(remote, script, content)


def serve(remote: Remote) -> Service:
    """Start the program as a service: systemd's, of the user, where there is that; else a process
    in a session of its own. What ran before ends."""
    port = service_port(remote.program)
    unit = _unit(remote)
    text = _SERVICE.format(program=remote.program, port=port).replace("\n", r"\n")
    script = (
        f"set -e; d={remote.folder}; {_end_process()} "
        "if systemctl --user show-environment >/dev/null 2>&1; then "
        'u="${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user"; mkdir -p "$u"; '
        # To systemd a percent sign is the beginning of something.
        f"""printf '{text}' "$(printf %s "$d" | sed 's/%/%%/g')" > "$u/{unit}"; """
        f"systemctl --user daemon-reload; systemctl --user enable -q {unit}; "
        f"systemctl --user restart {unit}; "
        "if loginctl enable-linger >/dev/null 2>&1; then echo systemd; else echo session; fi; "
        f'else TINYGEN_LISTEN={port} setsid "$d/firmware" </dev/null >"$d/log" 2>&1 & '
        'echo $! > "$d/pid"; echo process; fi'
    )
    return Service(port, _KEPT[run_there(remote, script).split()[-1]])


_KEPT = {
    "systemd": "systemd, as a service of the user",
    "session": "systemd, as a service of the user, until they log out (sudo loginctl enable-linger "
    "keeps it)",
    "process": "nobody: it is a process, which ends with the machine",
}


def stop(remote: Remote) -> bool:
    """End the service; whether there was one. The program stays."""
    unit = _unit(remote)
    script = (
        f"d={remote.folder}; {_end_process()} "
        f'u="${{XDG_CONFIG_HOME:-$HOME/.config}}/systemd/user/{unit}"; '
        f'if test -e "$u"; then systemctl --user disable -q --now {unit}; rm -f "$u"; '
        "systemctl --user daemon-reload; echo stopped; fi"
    )
    return "stopped" in run_there(remote, script).split()


def log(remote: Remote) -> str:
    """The last words of the service."""
    unit = _unit(remote)
    script = (
        f'd={remote.folder}; tail -n 15 "$d/log" 2>/dev/null || '
        f"journalctl --user -q -n 15 -u {unit} 2>/dev/null || true"
    )
    return run_there(remote, script).strip()


def named(remote: Remote, program: str) -> Remote:
    """The remote with its program, where none was named."""
    return remote if remote.program else replace(remote, program=program)


def _unit(remote: Remote) -> str:
    return f"tinygen-{remote.program}.service"


def _end_process() -> str:
    """Lines that end the process of before, if that is what the number belongs to now, and wait a
    few seconds for its port to be free."""
    return (
        'if test -e "$d/pid"; then i=$(cat "$d/pid"); rm -f "$d/pid"; '
        'case "$(readlink "/proc/$i/exe")" in "$d/firmware"*) kill "$i"; echo stopped; '
        'for n in 1 2 3 4 5 6 7 8 9; do test -e "/proc/$i/exe" || break; sleep 0.3; done;; '
        "esac; fi;"
    )
