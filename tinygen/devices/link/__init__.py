"""Talking to a device: transports and the session on top of them."""

from __future__ import annotations

from tinygen.devices.link.device import open_device
from tinygen.devices.link.hello import Hello
from tinygen.devices.link.process import ProcessTransport
from tinygen.devices.link.replay import ReplayTransport
from tinygen.devices.link.session import Inference, Session
from tinygen.devices.link.transport import Transport, open_transport

__all__ = [
    "Hello",
    "Inference",
    "ProcessTransport",
    "ReplayTransport",
    "Session",
    "Transport",
    "open_device",
    "open_transport",
]
