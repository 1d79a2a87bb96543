"""A hook of MkDocs: pages of the checkout's top are pages of the site too, and links between them
lead to the same pages in both."""

from __future__ import annotations

import re
import typing
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from tinygen import options
from tinygen.api import bench_options, inspect_options, stream_options
from tinygen.compression import options as compression_options

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
TOP = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Files of the checkout's top -> their pages."""

_OPTIONS = (compression_options, inspect_options, bench_options, stream_options, options)
PROTOCOL = "reference/protocol.md"
"""The page whose text is the comment at the head of the protocol's C header."""
_HEADER = ROOT / "firmware" / "protocol" / "tg_protocol.h"


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are written elsewhere than in docs."""
    from mkdocs.structure.files import File

    for name, page in TOP.items():
        files.append(File.generated(config, page, content=_as_page(ROOT / name)))
    files.append(File.generated(config, PROTOCOL, content=protocol_page()))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Write tables of options where a page asks for them; links to the top lead to its pages."""
    here = PurePosixPath(page.file.src_uri).parent
    for name, target in TOP.items():
        up = "../" * (len(here.parts) + 1)
        markdown = markdown.replace(f"]({up}{name})", f"]({'../' * len(here.parts)}{target})")
    return re.sub(r"<!-- options: (\w+) -->", lambda match: options_table(match[1]), markdown)


def options_table(name: str) -> str:
    """The keywords of a class of options, and what they mean."""
    kind = next(getattr(home, name) for home in _OPTIONS if hasattr(home, name))
    hints = typing.get_type_hints(kind)
    rows = ["| keyword | type | means |", "|---|---|---|"]
    for keyword, flag in options.flags(kind).items():
        hint = hints[keyword]
        type_ = hint.__name__ if isinstance(hint, type) else str(hint)
        type_ = type_.replace("pathlib.", "").replace("|", "\\|")
        rows.append(f"| `{keyword}` | {type_} | {flag.help} |")
    return "\n".join(rows)


def _as_page(path: Path) -> str:
    text = path.read_text("utf-8").replace("](docs/", "](")
    for name, page in TOP.items():
        text = text.replace(f"]({name}", f"]({page}")
    return text


def protocol_page() -> str:
    """What the header says of the wire, word for word."""
    comment = _HEADER.read_text("utf-8").split("*/", 1)[0]
    lines = [re.sub(r"^(/\*| \*) ?", "", line) for line in comment.splitlines()]
    told = "\n".join(lines).strip()
    return (
        "# The serial protocol\n\nFrom `firmware/protocol/tg_protocol.h`, which every project has;"
        " `tinygen/devices/link/frames.py` is the host's side, and a test holds the two equal.\n\n"
        f"```text\n{told}\n```\n"
    )
