"""A user's program that uses the model too gets no turn between a host's inputs and its outputs."""

from __future__ import annotations

import pytest

from tests.protocol import protocol_device as pd
from tinygen.devices.link import Session


@pytest.mark.parametrize("payload", [32, 256])
def test_it_does_not_disturb_an_inference(payload: int) -> None:
    image, extra = bytes(range(200)) * 3, b"\x01\x02\x03"
    with Session(pd.start(payload, TEST_APP="1"), window=1) as session:
        for _ in range(5):
            answer = session.infer([image, extra])
            assert answer.outputs[0] == pd.expected(image, extra)
        assert session.redone == 0
        assert session.retries == 0
