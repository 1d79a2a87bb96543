"""What `inspect` may be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from tinygen.npus import NPUS
from tinygen.options import Data, DataOptions, Flag, Signature


@dataclass(frozen=True, kw_only=True)
class InspectOptions(DataOptions):
    """All that `inspect` may be told."""

    data: Annotated[
        Data | None,
        Flag(
            "--data",
            "Calibration samples: .npz, .npy, .csv or a folder of images. [default: random ones, "
            "with which sizes are right and accuracy is not]",
            short="-d",
        ),
    ] = None
    test: Annotated[
        Data | None,
        Flag("--test", "Samples that --fidelity looks at beside those of --data."),
    ] = None
    signature: Signature = None
    board: Annotated[
        str | None,
        Flag("--board", "Only whether it fits this one, which takes less time.", short="-b"),
    ] = None
    fidelity: Annotated[
        bool,
        Flag(
            "--fidelity",
            "Show which layer loses the accuracy: quantized against float, layer by layer, on "
            "--data.",
        ),
    ] = False
    npu: Annotated[
        str | None,
        Flag(
            "--npu",
            "What Arm's compiler Vela estimates for this Ethos-U, beside the engine aot on the "
            f"board's processor: {', '.join(NPUS)}.",
            metavar="NAME",
            choices=NPUS,
        ),
    ] = None
