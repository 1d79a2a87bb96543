"""`--arena` with the engine aot, and a kernel set that a board has not, are errors that say why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL
from tinygen import InputError, generate


@pytest.mark.parametrize("option", [{"arena": 4096}, {"kernel_set": "no_such_set"}])
def test_an_option_that_the_engine_has_not_is_refused(
    option: dict[str, int | str], tmp_path: Path
) -> None:
    with pytest.raises(InputError) as raised:
        generate(GOLDEN_MODEL, board="qemu-cortex-m3", out=tmp_path / "out", **option)  # type: ignore[arg-type]
    assert raised.value.why
    assert raised.value.next_step
    assert not (tmp_path / "out").exists()
