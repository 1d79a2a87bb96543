"""Pictures of a page at three widths, in light and dark.

python -m tests.page.pictures PAGE.html FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tinygen.processes import which

WIDTHS = (360, 768, 1280)
THEMES = ("light", "dark")


def pictures(page: Path, folder: Path) -> None:
    """Writes NAME-WIDTH-THEME.png of all of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox"])
        for width in WIDTHS:
            for theme in THEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": 900},
                    color_scheme="dark" if theme == "dark" else "light",
                    offline=True,
                )
                tab = context.new_page()
                tab.goto(page.resolve().as_uri())
                file = folder / f"{page.stem}-{width}-{theme}.png"
                tab.screenshot(path=file, full_page=True)
                context.close()
        browser.close()


if __name__ == "__main__":
    pictures(Path(sys.argv[1]), Path(sys.argv[2]))
