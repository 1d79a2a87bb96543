"""doctor: what is not there is said with the command that mends it, and what is on a port."""

from __future__ import annotations

import importlib.metadata
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from tinygen.api import doctor as told
from tinygen.api.doctor import Check, State, doctor
from tinygen.devices import usb
from tinygen.pio import network


@dataclass
class Plugged:
    device: str
    description: str = "a board"
    vid: int | None = 0x2341
    pid: int | None = 0x0043  # an Uno's


def checks() -> dict[str, Check]:
    return {check.subject: check for check in doctor().checks}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "any_answers", lambda *_: False)


def test_programs_that_are_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TINYGEN_CACHE", str(tmp_path / "cache"))
    found = checks()
    assert found["arm-none-eabi-gcc"].mend.startswith("sudo apt-get install gcc-arm-none-eabi")
    assert "microbit" not in found["arm-none-eabi-gcc"].found, "its platform brings a compiler"
    assert "qemu-cortex-m0" in found["qemu-system-arm"].found
    assert found["TensorFlow Lite Micro"].state is State.WARNING
    assert found["TensorFlow Lite Micro"].mend.startswith("tinygen setup tflm --source")
    assert doctor().exit_code == 0, "of the engines and boards, each is in the way of some only"


@pytest.mark.parametrize(("package", "state"), [("tensorflow", "warning"), ("numpy", "bad")])
def test_a_package_that_is_not_installed(
    package: str, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = importlib.metadata.version

    def without(name: str) -> str:
        if name == package:
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", without)
    check = checks()[package]
    assert check.state.value == state
    assert f"-m pip install '{package}>=" in check.mend
    assert doctor().exit_code == (5 if state == "bad" else 0)


def test_what_is_on_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pseudo-terminal on which nobody answers."""
    ours, theirs = os.openpty()
    port = os.ttyname(theirs)
    monkeypatch.setattr(usb, "serial_ports", lambda: (Plugged(port),))
    monkeypatch.setattr(told, "_HELLO_SECONDS", 0.2)
    found = checks()[port].found
    os.close(ours)
    os.close(theirs)
    assert "looks like uno" in found
    assert "no firmware of tinygen answered" in found


def test_a_port_that_one_may_not_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    port = tmp_path / "ttyUSB0"
    port.touch()
    monkeypatch.setattr(os, "access", lambda path, _: path != str(port))  # root may open all
    monkeypatch.setattr(usb, "serial_ports", lambda: (Plugged(str(port)),))
    check = checks()[str(port)]
    assert check.state is State.BAD
    assert check.mend.startswith("sudo usermod -aG ")
