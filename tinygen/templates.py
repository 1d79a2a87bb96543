"""The templates and what every engine renders with. The only importer of Jinja.

Output is a pure function of its arguments: no date, no path, no host name.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import jinja2

from tinygen.resources import templates_dir


@dataclass(frozen=True)
class Identity:
    """What the generated code says about itself.

    `labels` are the names of the classes of each output, empty where there are none; symbols of its
    C begin with `c_name`.
    """

    name: str
    engine: str
    board: str
    sha256: str
    version: str
    labels: tuple[tuple[str, ...], ...] = ()
    c_name: str = "model"


@functools.cache
def _environment(*, html: bool = False) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates_dir()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=html,  # of C not: there names pass through csource
    )


def render(template: str, **values: Any) -> str:
    """One template of `templates/`, rendered; a name it misses is an error."""
    return _environment().get_template(template).render(**values)


def render_html(template: str, **values: Any) -> str:
    """One template of HTML, rendered: of a value nothing is markup that is not `Markup`."""
    return _environment(html=True).get_template(template).render(**values)
