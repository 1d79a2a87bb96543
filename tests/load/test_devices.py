"""What is said of GPUs is what TensorFlow says; here it has none, and the text says that."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tinygen.load import devices
from tinygen.load.quiet import import_tensorflow


def test_what_is_said_is_what_is_there() -> None:
    there = import_tensorflow().config.list_physical_devices("GPU")
    assert len(devices.gpus_seen()) == len(there)
    assert ("TensorFlow sees no GPU" in devices.trained_on()) == (not there)
    assert (devices.calibrated_on() == "") == (not there)


def test_a_gpu_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name is TensorFlow's; calibration is not said to be done on it."""
    config = import_tensorflow().config
    gpu = SimpleNamespace(name="/physical_device:GPU:0", device_type="GPU")
    monkeypatch.setattr(config, "list_physical_devices", lambda kind: [gpu] * (kind == "GPU"))
    details = {"device_name": "Example 9"}
    monkeypatch.setattr(config.experimental, "get_device_details", lambda _: details)
    assert devices.gpus_seen() == ("GPU 0 (Example 9)",)
    assert "was trained on GPU 0 (Example 9); calibrated on the CPU" in devices.trained_on()
    assert devices.calibrated_on().startswith("calibrated on the CPU")
    assert devices.calibrated_on().endswith("GPU 0 (Example 9) is there")
