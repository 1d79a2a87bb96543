"""The options of a command as keywords of its function in Python."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from tinygen.options import DataOptions, flags

P = ParamSpec("P")
OptionsT = TypeVar("OptionsT", bound=DataOptions)
Result = TypeVar("Result")


def by_keywords(
    options: Callable[P, OptionsT], call: Callable[[Path, OptionsT], Result], name: str
) -> Callable[Concatenate[str | Path, P], Result]:
    """`call`, which takes a model and its options, as `name(model, board=..., seed=...)`."""

    def function(model: str | Path, *args: P.args, **kwargs: P.kwargs) -> Result:
        return call(Path(model), options(*args, **kwargs))

    model = inspect.Parameter(
        "model", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=str | Path
    )
    types = typing.get_type_hints(options)  # without what only the command line reads
    each = [
        parameter.replace(annotation=types[name])
        for name, parameter in inspect.signature(options).parameters.items()
    ]
    function.__signature__ = inspect.Signature([model, *each])  # type: ignore[attr-defined]
    function.__name__ = function.__qualname__ = name
    function.__module__ = call.__module__
    assert isinstance(options, type)
    told = [f"{name}: {flag.help}" for name, flag in flags(options).items()]
    function.__doc__ = "\n".join([inspect.getdoc(call) or "", "", *told])
    return function  # type: ignore[return-value]  # `model` may be a keyword too
