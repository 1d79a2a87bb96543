"""The page in headless Chromium: three widths, both themes, from disk and without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

import tinygen
from tests.ops.tflite_file import single_operator, tensor
from tests.page.pictures import THEMES, WIDTHS
from tinygen.report.page import LIMIT

_HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>]]>{{7*7}}&lt;"


def opened(browser: Browser, file: Path, width: int = 1280, theme: str = "light") -> Page:
    """The file in a window of this width, and what goes wrong there in `page.wrong`."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
        offline=True,
    )
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(f"a dialog: {dialog.message}"))
    page.on("request", lambda r: wrong.append(r.url) if r.url.startswith("http") else None)
    page.goto(file.as_uri())
    page.wrong = wrong  # type: ignore[attr-defined]
    return page


def wrong(page: Page) -> list[str]:
    """What was told on the console, asked of a network, or stands out to the right."""
    found: list[str] = list(page.wrong)  # type: ignore[attr-defined]
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return found + ([f"{wide} pixels beyond the window"] if wide > 0 else [])


@pytest.mark.parametrize("which", ["measured", "failing"])
def test_it_shows_all_at_every_width(
    which: str, browser: Browser, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file = tmp_path / "report.html"
    result = tinygen.write_page(request.getfixturevalue(which), file)
    assert result.bytes == file.stat().st_size
    assert result.bytes < LIMIT
    assert result.verdict == ("MATCH" if which == "measured" else "MISMATCH")
    for width in WIDTHS:
        for theme in THEMES:
            page = opened(browser, file, width, theme)
            assert wrong(page) == [], (width, theme)
            assert result.verdict in page.locator(".badge").inner_text()
            shown = "narrow" if width < 620 else "wide"
            assert page.locator(f"figure .{shown} svg").first.is_visible()
            if (width, theme) in ((360, "dark"), (1280, "light")):
                axe = Axe().run(page)
                assert axe.violations_count == 0, (width, theme, axe.generate_report())
            page.context.close()
    page = opened(browser, file)
    titles = page.locator("section h2").all_inner_texts()
    assert titles == [
        *("The model", "Memory over time", "Flash by part", "Time and MACs by layer"),
        *("Errors by layer", "Fidelity", "Accuracy", "Energy", "Vectors to look at"),
        *("The board", "Every hash and version"),
    ]
    assert page.locator(".graph .guilty").count() == (0 if which == "measured" else 1)
    assert page.locator(".case.bad").count() == (0 if which == "measured" else 6)
    assert str(tmp_path.parent) not in file.read_text("utf-8"), "a folder of this machine"
    missing = page.locator(".missing code").all_inner_texts()
    assert ("tinygen profile digits" in missing) == (which == "failing")
    page.context.close()


def test_the_graph_is_moved_and_made_larger(
    browser: Browser, measured: Path, tmp_path: Path
) -> None:
    tinygen.write_page(measured, tmp_path / "report.html")
    page = opened(browser, tmp_path / "report.html")
    canvas = page.locator(".canvas")
    before = page.locator(".graph").bounding_box()
    page.get_by_role("button", name="Larger").click()
    after = page.locator(".graph").bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] == pytest.approx(1.25 * before["width"], abs=1)
    canvas.evaluate("e => e.scrollIntoView({block: 'center', behavior: 'instant'})")
    box = canvas.bounding_box()
    assert box is not None
    top = canvas.evaluate("e => e.scrollTop")
    page.mouse.move(box["x"] + 200, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 180)
    page.mouse.up()
    assert canvas.evaluate("e => e.scrollTop") == pytest.approx(top + 120, abs=2)
    page.get_by_role("button", name="dark").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(media="print")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark, paper) == ("rgb(13, 17, 23)", "rgb(255, 255, 255)")
    assert not page.locator("nav").is_visible()
    assert wrong(page) == []
    page.context.close()


def test_nothing_in_a_name_is_markup(browser: Browser, tmp_path: Path) -> None:
    """Names of tensors, of the file, of the folder: a page of a stranger's model runs nothing."""
    shape = (1, 16)
    model = tmp_path / "a<b onclick=alert(3)>.tflite"
    model.write_bytes(
        single_operator(
            "TANH",
            [tensor(shape, scale=0.05, name=_HOSTILE)],
            [tensor(shape, scale=1 / 128, name=_HOSTILE)],
        )
    )
    tinygen.generate(model, board="qemu-cortex-m4", out=tmp_path / "x<i>'")
    result = tinygen.write_page(tmp_path / "x<i>'", tmp_path / "report.html")
    assert (result.verdict, result.missing) == ("UNVERIFIED", ("verify", "layers", "profile"))
    page = opened(browser, tmp_path / "report.html")
    assert wrong(page) == []
    assert page.locator("script").count() == 1
    assert page.locator("[onerror], [onclick], img[src='x'], iframe, b, i").count() == 0
    cells = page.locator(".values tbody tr td:nth-child(2)").all_inner_texts()
    assert set(cells) == {"not run"}, "what the host computed is not shown as the device's"
    told = page.locator(".graph title").all_text_contents()
    assert any("<script>alert(1)" in text for text in told)
    page.context.close()
