"""Trainings by a cluster: what a worker learned lies where it would lie if learned here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.compress.models import chain, trained_at_random
from tinygen import parallel
from tinygen.api import compress_child
from tinygen.api.candidates import AS_GIVEN, PRUNED, SCRATCH, Plan, Workshop
from tinygen.api.compress_far import Cluster
from tinygen.api.compress_input import opened
from tinygen.boards import get_board
from tinygen.compression.clock import Clock
from tinygen.compression.options import CompressOptions
from tinygen.compression.study import Study
from tinygen.errors import InputError
from tinygen.parallel import Answer
from tinygen.progress import Silent


class Said(Silent):
    def __init__(self) -> None:
        self.warned: list[str] = []

    def warn(self, text: str) -> None:
        self.warned.append(text)


@pytest.fixture(name="asked")
def _asked(tmp_path: Path) -> Iterator[tuple[Path, CompressOptions]]:
    import keras

    drawn = np.random.default_rng(3)
    x, y = drawn.normal(size=(200, 8, 8, 2)).astype(np.float32), drawn.integers(0, 3, 200)
    np.savez(tmp_path / "train.npz", x=x, y=y)
    trained_at_random(chain()).save(tmp_path / "chain.keras")
    yield (
        tmp_path / "chain.keras",
        CompressOptions(
            data=str(tmp_path / "train.npz"),
            out=tmp_path / "out",
            epochs=1,
            scheduler="tcp://nowhere:1",
            progress=Said(),
        ),
    )
    keras.utils.clear_session()


def shop_of(asked: tuple[Path, CompressOptions], folder: Path) -> Workshop:
    model, options = asked
    return opened(model, options, get_board(options.board), folder)


def test_workers_learn_and_what_they_cannot_is_left(
    asked: tuple[Path, CompressOptions], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []

    def answers(module: str, requests: Sequence[bytes], **told: Any) -> Iterator[Answer]:
        assert (module, told) == (compress_child.MODULE, {"scheduler": "tcp://nowhere:1"})
        sent.extend(requests)
        yield Answer(1, None, "KilledWorker: no memory")
        (tmp_path / "worker").mkdir()
        yield Answer(0, compress_child.learned(requests[0], tmp_path / "worker"))

    monkeypatch.setattr(parallel, "answers", answers)
    monkeypatch.setattr(parallel, "workers", lambda _: 2)
    shop = shop_of(asked, tmp_path / "here")
    widths = dict.fromkeys(shop.channels.widths, 4)
    known = Plan(AS_GIVEN, shop.channels.widths, 0)
    shop.learn(known)
    plans = [known, Plan(SCRATCH, widths, 5), Plan(SCRATCH, widths, 5), Plan(PRUNED, widths, 0)]
    cluster = Cluster(*asked)
    assert cluster.workers == 2
    cluster.train(shop, plans, Clock(), "Shapes", "search")
    assert len(sent) == 2, "what is known, or asked for twice, is not asked for"
    said = asked[1].progress
    assert isinstance(said, Said)
    assert said.warned == ["pruned, seed 0: KilledWorker: no memory; it is trained here"]
    assert shop.known_training(plans[3]) is None
    learned = shop.known_training(plans[1])
    assert learned is not None
    assert shop.outcome(plans[1]).int8_test == learned.int8_test
    # The very model that was sent back: its score here is the one that the worker found.
    file = shop._int8(shop.model_file(plans[1]).with_suffix(".tflite"))
    int8 = shop.int8_score(file, shop.split.test)
    assert int8 == learned.int8_test


def test_a_worker_of_other_versions_refuses(
    asked: tuple[Path, CompressOptions], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_of(asked, tmp_path / "here")
    plan = Plan(SCRATCH, shop.channels.widths, 0)
    request = compress_child.Requests(*asked).of(plan, shop)
    monkeypatch.setattr("importlib.metadata.version", lambda name: f"{name} 0")
    with pytest.raises(InputError, match="other versions"):
        compress_child.learned(request, tmp_path)


def test_shapes_at_work_together_are_different(tmp_path: Path) -> None:
    study = Study(tmp_path / "j", "s", {"a": 64, "b": 64}, 0, together=True)
    for _ in range(12):
        study.tell(study.ask(), 0.5, 1000, 1000)
    shapes = [tuple(study.ask().widths.values()) for _ in range(4)]
    assert len(set(shapes)) > 1
