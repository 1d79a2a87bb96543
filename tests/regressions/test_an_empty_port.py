"""`--port ''`, as of an empty variable of the shell, was taken for no port by one command and for a
port without a name by another."""

from __future__ import annotations

import pytest

from tests.runner import GOLDEN_MODEL, tinygen
from tinygen.api.flash import given_port
from tinygen.errors import InputError


@pytest.mark.parametrize("port", ["", " ", "\t"])
def test_it_is_refused(port: str) -> None:
    with pytest.raises(InputError, match="no name"):
        given_port(port)
    assert given_port(None) is None
    assert given_port("COM3") == "COM3"


def test_every_command_refuses_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("p")
    build = ("build", GOLDEN_MODEL, "--board", "qemu-cortex-m4", "--out", "p")
    assert tinygen(*build, cwd=folder).code == 0
    for command in ("flash", "monitor", "verify"):
        done = tinygen(command, "--port", "", cwd=folder)
        assert done.code == 2, done.err
        assert "the port has no name" in done.err
