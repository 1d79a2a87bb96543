"""Talking to a device: transports and the session on top of them."""

from __future__ import annotations

from tinygen.link.hello import Hello, TensorInfo
from tinygen.link.process import ProcessTransport
from tinygen.link.replay import ReplayTransport
from tinygen.link.session import Inference, Run, Session
from tinygen.link.transport import Transport, open_transport

__all__ = [
    "Hello",
    "Inference",
    "ProcessTransport",
    "ReplayTransport",
    "Run",
    "Session",
    "TensorInfo",
    "Transport",
    "open_transport",
]
