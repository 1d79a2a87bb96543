"""All commands, in the order in which they are listed: that of a working day."""

from __future__ import annotations

from tinygen.cli import catalogue, compare, devices, machine, models, page, profile
from tinygen.cli.root import app

_ORDER = (
    *(models.inspect, models.build, models.generate, models.export),
    models.stream,
    *(devices.flash, devices.verify, profile.profile, page.report),
    *(devices.run, devices.monitor, devices.stop),
    *(models.compress, models.bench, compare.compare),
    *(catalogue.boards, catalogue.ops),
    *(machine.demo, machine.doctor, machine.setup, machine.cache),
)
app.registered_commands.sort(key=lambda command: _ORDER.index(command.callback))

__all__ = ["app"]
