"""Whether the chosen candidate is trained on with its quantization: where quantizing costs much."""

from __future__ import annotations

from tinygen.api.compress_result import CompressRow
from tinygen.compression.train import Task


def offer(row: CompressRow, task: Task, points: float) -> str:
    """What is to be said of it: empty where quantizing afterwards loses no more than these."""
    lost = 100 * row.quantization_loss
    if not task.classes or lost <= points:
        return ""
    return (
        f"quantizing the chosen one loses {lost:.1f} points: --qat trains it on with its"
        " quantization, which may win some back"
    )


def refusal(row: CompressRow, task: Task, points: float) -> str:
    """Why it is not done; empty where it is."""
    if not task.classes:
        return "--qat is for classes: nothing was trained with its quantization"
    lost = 100 * row.quantization_loss
    if lost <= points:
        return (
            f"--qat: not done, because quantizing afterwards loses {lost:.2f} points, and more than"
            f" {points:g} are asked for (--qat-loss)"
        )
    return ""
