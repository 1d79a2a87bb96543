"""What a table of candidates does not say by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tinygen.api.candidates import AWARE, DISTILLED, PRUNED, PRUNED_DISTILLED, SCRATCH, TUNED
from tinygen.api.compress_result import CompressRow

_BESIDE = (
    *((method, SCRATCH) for method in (PRUNED, DISTILLED, PRUNED_DISTILLED)),
    (PRUNED_DISTILLED, PRUNED),
    (AWARE, TUNED),
)
"""What each method is held against, at the same shape."""


def remarks(rows: Sequence[CompressRow], least: float | None) -> Iterator[str]:
    """What held against what came to. `least` is the accuracy that is asked for, in percent."""
    if least is not None and all(100 * row.validation < least for row in rows if row.choosable):
        yield f"no candidate reaches {least:g} %: the best one is taken"
    given = rows[0]
    for row in rows:
        if (row.method, row.widths) == (SCRATCH, given.widths) and row.high < given.score:
            yield (
                "from scratch with all channels does not reach the model as given: that was trained"
                f" for longer than {row.epochs} epochs, or otherwise, which is in pruning's favour;"
                " more --epochs, another --learning-rate?"
            )
    for method, other_method in _BESIDE:
        pairs = [
            (row, other)
            for row in rows
            for other in rows
            if (row.method, other.method) == (method, other_method)
            and (row.widths, row.after) == (other.widths, other.after)
        ]
        if pairs:
            better = sum(row.low > other.high for row, other in pairs)
            worse = sum(row.high < other.low for row, other in pairs)
            yield (
                f"{method} against {other_method}, the same shape: better by every seed in {better}"
                f" of {len(pairs)}, worse by every seed in {worse}"
            )
    if any(row.method == PRUNED and row.epochs_before is None for row in rows):
        yield (
            "how long the model as given was trained is not known: --given-epochs says it, and"
            " trains from scratch as long as what is pruned"
        )
