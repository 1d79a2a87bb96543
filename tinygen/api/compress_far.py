"""The trainings of compress() by the workers of a Dask cluster, several at a time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from tinygen import parallel
from tinygen.api import compress_child
from tinygen.api.candidates import Plan, Workshop
from tinygen.compression.clock import Clock
from tinygen.compression.options import CompressOptions


class Cluster:
    """The workers of `options.scheduler`; where it names none, nothing is done here. InputError for
    one that does not answer."""

    def __init__(self, model: Path, options: CompressOptions) -> None:
        self._options = options
        self.workers = 1 if options.scheduler is None else parallel.workers(options.scheduler)
        """How many train at a time."""
        self._requests = compress_child.Requests(model, options) if options.scheduler else None

    def train(
        self, shop: Workshop, plans: Sequence[Plan], clock: Clock, title: str, kind: str
    ) -> None:
        """Have the workers learn what is not known of these plans. What they cannot is left, with
        a warning: it is learned here when it is asked for."""
        if self._requests is None:
            return
        progress = self._options.progress
        left = list({shop.key(p): p for p in plans if shop.known_training(p) is None}.values())
        if not left:
            return
        where = f"{len(left)} trainings by {self._options.scheduler}"
        progress.stage(f"{title}, {where}{clock.text}")
        come = parallel.answers(
            compress_child.MODULE,
            [self._requests.of(plan, shop) for plan in left],
            scheduler=self._options.scheduler,
        )
        before = time.monotonic()
        with contextlib.closing(come) as answers:
            for done, answer in enumerate(answers, 1):
                plan = left[answer.index]
                if answer.content is None:
                    progress.warn(
                        f"{plan.name}, seed {plan.seed}: {answer.why}; it is trained here"
                    )
                else:
                    shop.take(plan, compress_child.files_of(answer.content))
                    now = time.monotonic()
                    clock.took(kind, now - before)
                    before = now
                progress.count(done, len(left))
