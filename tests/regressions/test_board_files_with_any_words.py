"""A board file of one's own took any string: `reset = "esp23"`, an engine `aott`, a misspelt kernel
set or upload protocol. Nothing was said, and what they named was then not done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runner import GOLDEN_MODEL, tinygen
from tinygen import boards

ESP32 = (Path(boards.__file__).parent / "esp32.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"esp32"\nusb_ids', '"esp23"\nusb_ids', "device.reset is 'esp23'; did you mean esp32?"),
        ('["tflm", "aot"]', '["tflm", "aott"]', "engines.available is 'aott'; did you mean aot?"),
        ('"esp_nn"', '"esp-nn"', "engines.tflm_kernel_sets is 'esp-nn'; did you mean esp_nn?"),
        ('"esptool"', '"esptol"', "device.upload.protocol is 'esptol'; did you mean esptool?"),
        ('"xtensa-lx6"', '"xtensa-lx8"', "core is 'xtensa-lx8'; did you mean xtensa-lx"),
        ('framework = "arduino"', 'framework = "ardunio"', "is 'ardunio'; did you mean arduino?"),
        ("window = 1", "windows = 1", "unknown key serial.windows; did you mean window?"),
        ("_payload = 1024", "_payload = 16", "protocol_payload is 16; it must be 32 to 32,768"),
    ],
)
def test_it_is_refused_with_what_was_meant(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert ESP32.count(old) == 1
    (tmp_path / "esp32.toml").write_text(ESP32.replace(old, new), "utf-8")
    ran = tinygen("generate", GOLDEN_MODEL, "--board", "esp32.toml", cwd=tmp_path)
    assert ran.code == 2
    assert "esp32.toml" in ran.err
    assert told in ran.err
    assert "Traceback" not in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["esp32.toml"]
