"""The options of a command as keywords of its function in Python."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
Options = TypeVar("Options")
Result = TypeVar("Result")


def by_keywords(
    options: Callable[P, Options], call: Callable[[Path, Options], Result], name: str
) -> Callable[Concatenate[str | Path, P], Result]:
    """`call`, which takes a model and its options, as `name(model, board=..., seed=...)`."""

    def function(model: str | Path, *args: P.args, **kwargs: P.kwargs) -> Result:
        return call(Path(model), options(*args, **kwargs))

    model = inspect.Parameter("model", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    each = inspect.signature(options).parameters.values()
    function.__signature__ = inspect.Signature([model, *each])  # type: ignore[attr-defined]
    function.__name__ = function.__qualname__ = name
    function.__module__ = call.__module__
    function.__doc__ = call.__doc__
    return function  # type: ignore[return-value]  # `model` may be a keyword too
