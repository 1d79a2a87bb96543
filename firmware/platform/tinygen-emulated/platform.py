"""The development platform of tinygen's emulated boards: nothing to download, nothing to install.

PlatformIO finds the class by its name.
"""

from platformio.platform.base import PlatformBase


class TinygenemulatedPlatform(PlatformBase):
    """A platform whose compiler comes from PATH."""

    def is_embedded(self):
        """Sizes are checked against the board's memories."""
        return True
