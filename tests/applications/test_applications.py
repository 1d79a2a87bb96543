"""Larger architectures: a small one whole, and that all were measured and MATCH."""

from __future__ import annotations

from pathlib import Path

from tests.applications import table
from tests.applications.measure import measure
from tests.applications.networks import NETWORKS, Network, built, pictures


def test_every_network_was_measured_and_matches() -> None:
    rows = table.load()
    assert list(rows) == [network.key for network in NETWORKS]
    assert {row.verdict for row in rows.values()} == {"MATCH"}
    assert all(row.vectors >= 10 and row.codes > 15 for row in rows.values())
    assert all(row.instructions for row in rows.values() if row.board == "qemu-cortex-m4")


def test_a_small_one_matches(tmp_path: Path) -> None:
    """MobileNetV3, which has everything: hard swish, squeezing, residuals, a scaled input."""
    (kind,) = {one.build for one in NETWORKS if one.name == "MobileNetV3Small" and one.size == 96}
    row = measure(Network("small", 0.25, 32, kind, 0.0, 255.0), tmp_path, vectors=20)
    assert (row.verdict, row.board, row.vectors) == ("MATCH", "qemu-cortex-m4", 20)
    assert row.codes > 15
    assert row.instructions is not None


def test_activations_neither_fade_nor_grow() -> None:
    """As those of random weights do, behind normalizations that know nothing of them."""
    network = next(one for one in NETWORKS if one.key == ("MobileNetV1", 0.25, 96))
    images = pictures(network)
    assert images.min() == -1.0
    assert images.max() == 1.0
    outputs = built(network, images)(images).numpy()
    assert (outputs.std(axis=0) > 0.01).any(), "the answer depends on the picture"
