"""What can go wrong with a device, as far as one goes on differently after it."""

from __future__ import annotations

from tinygen.errors import DeviceError


class Disconnected(DeviceError):
    """The port is gone, or takes nothing any more: what is asked on a new one may be answered."""


class Disturbed(DeviceError):
    """The device has other inputs or outputs than were written and computed: a request of before
    came late. To be written and computed again."""


class Failed(DeviceError):
    """The model did not compute what it was asked for: an operator failed, or something wrote past
    the end of its arena. `words` are what the device said of it."""

    words: tuple[str, ...] = ()


class LimitReached(DeviceError):
    """The time that all of it may take is over."""


class Restarted(DeviceError):
    """The device does not know the session any more: it has started anew since, or another program
    opened one."""


class Silent(DeviceError):
    """No answer came, in all the time and tries that there were."""
