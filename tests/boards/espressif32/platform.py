"""PlatformIO finds the class by its name."""

from platformio.platform.base import PlatformBase


class Espressif32Platform(PlatformBase):  # type: ignore[misc]
    """A platform whose compiler comes from PATH."""
