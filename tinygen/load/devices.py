"""What TensorFlow computes on. Keras takes a GPU by itself where there is one; its converter, which
calibrates, has none to take."""

from __future__ import annotations

from tinygen.load.quiet import import_tensorflow, quiet


def gpus_seen() -> tuple[str, ...]:
    """The GPUs that TensorFlow sees, by their names."""
    tensorflow = import_tensorflow()
    with quiet():
        config = tensorflow.config
        found = config.list_physical_devices("GPU")
        details = [config.experimental.get_device_details(gpu) for gpu in found]
    names = [str(one.get("device_name", "of no name")) for one in details]
    return tuple(f"GPU {i} ({name})" for i, name in enumerate(names))


def trained_on() -> str:
    """Where Keras trains and runs models now, in words."""
    gpus = gpus_seen()
    if not gpus:
        return "what was trained now was trained on the CPU: TensorFlow sees no GPU"
    return (
        f"what was trained now was trained on {', '.join(gpus)}; calibrated on the CPU, where "
        "TensorFlow's converter runs"
    )


def calibrated_on() -> str:
    """Where a model was calibrated, in words; empty where there was no choice."""
    gpus = gpus_seen()
    if not gpus:
        return ""
    return f"calibrated on the CPU, where TensorFlow's converter runs; {', '.join(gpus)} is there"
