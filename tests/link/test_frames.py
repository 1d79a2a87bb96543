"""Frames on the host's side: they come back whole, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygen.devices.link import frames

contents = st.one_of(
    st.binary(max_size=600),
    st.builds(lambda byte, size: bytes([byte]) * size, st.integers(0, 255), st.integers(0, 1100)),
)


@given(st.lists(contents, max_size=5), st.lists(st.integers(1, 40), max_size=20))
def test_frames_come_back_however_the_stream_is_cut(sent: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(frames.encode(content) for content in sent)
    decoder = frames.Decoder()
    received = []
    for size in cuts:
        received += decoder.feed(stream[:size])
        stream = stream[size:]
    received += decoder.feed(stream)
    assert received == sent
    assert decoder.heard() == b""


@given(contents)
def test_a_zero_stands_only_at_the_ends(content: bytes) -> None:
    assert frames.encode(content).strip(b"\0").count(0) == 0


@given(st.binary(max_size=300), contents, st.binary(max_size=300))
def test_noise_around_a_frame_does_not_hide_it(before: bytes, content: bytes, after: bytes) -> None:
    received = frames.Decoder().feed(before + frames.encode(content) + after)
    assert content in received


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_flipped_bit_never_gives_another_content(content: bytes, data: st.DataObject) -> None:
    frame = bytearray(frames.encode(content))
    at = data.draw(st.integers(0, 8 * len(frame) - 1))
    frame[at // 8] ^= 1 << at % 8
    received = frames.Decoder().feed(bytes(frame) + b"\0")
    assert received in ([], [content])


@given(st.binary(max_size=200))
@pytest.mark.invariant("S9")
def test_random_content_is_an_answer_or_none(content: bytes) -> None:
    answer = frames.parse_answer(content)
    assert (answer is None) == (len(content) < 9 or not content[1] & 0x80)


@pytest.mark.invariant("S9")
def test_endless_noise_is_not_kept() -> None:
    decoder = frames.Decoder()
    for _ in range(100):
        assert decoder.feed(b"x" * 10_000) == []
    assert decoder.noise == b"x" * 400  # given up on, not waiting for its end
    assert decoder.feed(frames.encode(b"content")) == [b"content"]
