"""What a device says of itself is read within bounds, or refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.link.test_session import description
from tinygen.devices.link.hello import parse_description
from tinygen.errors import DeviceError


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_a_damaged_description_is_read_within_bounds_or_refused(data: st.DataObject) -> None:
    """Whatever a device says, what is read of it is no larger than what it sent."""
    told = bytearray(description())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(told) - 1))
        value = data.draw(st.binary(min_size=1, max_size=4))
        told[at : at + len(value)] = value
    told = told[: data.draw(st.integers(0, len(told)))] if data.draw(st.booleans()) else told
    try:
        hello = parse_description(bytes(told))
    except DeviceError:
        return
    tensors = (*hello.inputs, *hello.outputs)
    assert len(tensors) * 20 <= len(told)
    assert all(0 <= t.nbytes <= 1 << 26 for t in tensors)
    assert all(4 * len(t.shape) <= len(told) for t in tensors)


@given(st.binary(max_size=400))
@pytest.mark.invariant("S9")
def test_any_bytes_are_a_description_or_an_error(told: bytes) -> None:
    with contextlib.suppress(DeviceError):
        assert parse_description(told).window >= 1
