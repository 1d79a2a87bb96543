"""Files of class names, as people have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinygen.data import read_class_names
from tinygen.errors import InputError


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"cat\ndog\n", ("cat", "dog")),
        (b"\xef\xbb\xbfcat\r\ndog\r\n\r\n", ("cat", "dog")),
        (b'0 cat, small\n1 a "dog"\n', ("cat, small", 'a "dog"')),
        (b"1: dog\n0: cat\n", ("cat", "dog")),
        (b"1 cat\n2 dog\n", ("1 cat", "2 dog")),
        (b"0\n1\n2\n", ("0", "1", "2")),
        ("\u65e5\n\x1b[2J\n".encode(), ("\u65e5", "\\x1b[2J")),
        (b"???\n???\ncat", ("???", "???", "cat")),
    ],
)
def test_the_names_in_a_file(content: bytes, names: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "labels.txt"
    file.write_bytes(content)
    assert read_class_names(file) == names


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it has no names"),
        (b" \n\n", "it has no names"),
        (b"cat\n\ndog", "line 2 is empty"),
        (b"\xff\xfe", "no text in UTF-8"),
        (b"x" * ((4 << 20) + 1), "more than 4,194,304 bytes"),
    ],
)
def test_what_is_no_such_file_says_why(content: bytes, why: str, tmp_path: Path) -> None:
    file = tmp_path / "labels.txt"
    file.write_bytes(content)
    with pytest.raises(InputError) as raised:
        read_class_names(file)
    assert why in raised.value.why
    assert "one name a line" in raised.value.next_step


def test_a_file_that_is_not_there_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("cat")
    with pytest.raises(InputError, match="does not exist") as raised:
        read_class_names(tmp_path / "label.txt")
    assert "labels.txt" in raised.value.next_step
    with pytest.raises(InputError, match="cannot be read"):
        read_class_names(tmp_path)
