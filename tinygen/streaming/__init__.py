"""A model over time windows -> one that takes the new frames alone and remembers the rest.

Rows of a tensor that no padding of a window touches move on with the frames: what row 7 was is row
6 when one frame has come. Those are kept (`Graph.states`); the newest rows, and those that padding
touches, are computed anew, so that every output stays exactly the model's.

    followed = follow(graph, axis=None, hop=1)     which rows move on, layer by layer
    streamed(followed).graph                       the graph with states
"""

from __future__ import annotations

from tinygen.streaming.follow import Followed, Kept, follow, needs
from tinygen.streaming.rewrite import Rewritten, rewrite
from tinygen.streaming.rules import ByRows, Rule, Whole
from tinygen.streaming.silence import silence
from tinygen.streaming.timeline import Timeline

__all__ = [
    "ByRows",
    "Followed",
    "Kept",
    "Rewritten",
    "Rule",
    "Timeline",
    "Whole",
    "follow",
    "needs",
    "rewrite",
    "silence",
    "streamed",
]


def streamed(followed: Followed) -> Rewritten:
    """The streaming graph of a model that was followed. After a reset it is where it would be
    after a window of silence, frames of zeros."""
    return rewrite(followed, needs(followed), silence(followed.graph))
