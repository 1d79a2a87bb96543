"""A device held `verify` for hours, or its wrong answers passed: each late but legal, sizes that
are none, a status that says failed beside a code that says well.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from tests.link.test_session import DATA, Asked, FakeDevice, open_session
from tinygen.devices.link import frames
from tinygen.devices.link.frames import Kind
from tinygen.errors import DeviceError


def lies(kind: Kind, lie: Callable[[bytes], bytes]) -> FakeDevice:
    """A device that answers this kind of request with `lie` of the answer's body."""
    device = FakeDevice()

    def spoil(asked: Asked) -> bytes:
        content = asked.content()
        changed = frames.encode(content[:9] + lie(content[9:]))
        return changed if asked.kind == kind else asked.answer

    device.spoil = spoil
    return device


@pytest.mark.parametrize(
    ("kind", "lie"),
    [
        (Kind.HELLO, lambda body: body[:3]),
        (Kind.HELLO, lambda body: body[:4]),
        (Kind.HELLO, lambda body: b"\xff" * 4 + body[4:]),
        (Kind.HELLO, lambda body: body + b"more"),
        (Kind.INVOKE, lambda body: body[:-1]),
        (Kind.INVOKE, lambda body: body + b"\0"),
        (Kind.INVOKE, lambda _: b""),
        (Kind.READ, lambda body: body[:-1]),
        (Kind.READ, lambda body: body + b"\0"),
        (Kind.READ, lambda body: bytes(len(body))),
    ],
)
def test_a_wrong_body_is_an_error(kind: Kind, lie: Callable[[bytes], bytes]) -> None:
    session, transport = open_session(lies(kind, lie))
    with pytest.raises(DeviceError, match=r"makes no sense|changed while they were read"):
        session.infer([DATA])
    assert transport.clock() < 60


@pytest.mark.parametrize("status", [1, 2, 3, 200])
def test_a_failed_self_check_beside_a_good_code_is_no_success(status: int) -> None:
    device = lies(Kind.INVOKE, lambda body: bytes([status]) + body[1:])
    with pytest.raises(DeviceError, match="the model failed on the device"):
        open_session(device)[0].infer([DATA])


def test_ticks_and_stacks_of_any_size_do_no_harm() -> None:
    huge = struct.pack("<QI", (1 << 64) - 1, (1 << 32) - 1)
    device = lies(Kind.INVOKE, lambda body: body[:1] + huge + body[13:])
    assert open_session(device)[0].infer([DATA]).ticks == (1 << 64) - 1
