"""Lines that are refused, and what is true of the reason that each is given."""

from __future__ import annotations

from tests.cli.lines import BOARD, Case

REFUSED = (
    *(
        Case(f"tinygen {command} --model nosuch", lambda ran: "nosuch" in ran.err)
        for command in ("verify", "run --input sample.npy", "profile", "flash")
    ),
    Case("tinygen verify --labels y.csv", lambda ran: "--labels was given without" in ran.err),
    Case(
        "tinygen verify --data samples.npz --labels y.csv",
        lambda ran: "'y.csv' has 4 labels, the data have 12 samples" in ran.err,
    ),
    Case(
        "tinygen verify --data images --labels two.txt",
        lambda ran: "'two.txt' has 2 labels, the data have 4 samples" in ran.err,
    ),
    Case("tinygen flash --port /dev/ttyUSB0", lambda ran: "is emulated" in ran.err),
    Case(
        "tinygen verify --layers --data samples.npz",
        lambda ran: "the project's own vectors" in ran.err,
    ),
    Case("tinygen flash --marker", lambda ran: "marker" in ran.err),
    Case("tinygen profile --power no.csv --voltage 3.3", lambda ran: "no.csv" in ran.err),
    Case("tinygen flash --layers", lambda ran: "nothing has to be put on" in ran.err),
    Case("tinygen demo --board uno", lambda ran: "the demo does not run on uno" in ran.err),
)
"""What a project of an emulated board does not take, and a demonstration no board with a cable."""
_UNFIT_SHAPE = "--input-shape was given for 'digits.tflite'"
_UNFIT_SIGNATURE = "'digits.tflite' has no signature 'embed'"
_UNFIT = tuple(
    case
    for command in (f"generate digits.tflite -b {BOARD}", "inspect digits.tflite")
    for case in (
        Case(f"tinygen {command} --input-shape 8x8x1", lambda ran: _UNFIT_SHAPE in ran.err),
        Case(f"tinygen {command} --signature embed", lambda ran: _UNFIT_SIGNATURE in ran.err),
    )
)
UNFIT = (
    *_UNFIT,
    Case(
        f"tinygen generate digits.tflite -b {BOARD} --activations int16",
        lambda ran: "it is quantized already" in ran.err,
    ),
    Case(
        f"tinygen build digits.tflite -b {BOARD} --sqnr 30",
        lambda ran: "--sqnr 30 was given for 'digits.tflite'" in ran.err,
    ),
    Case(
        f"tinygen compress digits.tflite -b {BOARD} -d samples.npz --input-shape 8x8x1",
        lambda ran: _UNFIT_SHAPE in ran.err,
    ),
    Case(
        f"tinygen compress digits.tflite -b {BOARD} -d samples.npz --test labelled.npz --seed 3"
        " --image-range 0 1 --trust-model --max-flash 90000 --max-ram 9000 --min-accuracy 90.5"
        " --max-instructions 100000 --prune structured --criterion gamma --width --cluster --qat"
        " --distill teacher.keras --optimize size --trials 1 --finalists 1 --seeds 1 --epochs 1"
        " --tune-epochs 0 --given-epochs 2 --qat-loss 0.5 --learning-rate 0.01 --jobs 1"
        " -o smaller --json",
        lambda ran: ran.json["what"] == "'digits.tflite' cannot be trained here",
    ),
    Case(
        f"tinygen generate digits.tflite -b {BOARD} --labels two.txt -o unnamed",
        lambda ran: "names 2 classes, the model's outputs have 10 elements" in ran.err,
    ),
    Case(
        f"tinygen generate digits.tflite -b {BOARD} --protocol mlperf",
        lambda ran: "MLPerf Tiny has no model from and to 8x8x1 of int8, 10 of int8" in ran.err,
    ),
    Case(
        "tinygen stream digits.tflite --hop 8 -o s.tflite",
        lambda ran: "no frame of a window is in the next one" in ran.err,
    ),
    Case(
        "tinygen stream digits.tflite --axis 4 -o s.tflite",
        lambda ran: "has no time axis 4" in ran.err,
    ),
    Case(
        "tinygen stream digits.tflite --engine tflm -o s.tflite",
        lambda ran: "--engine was given without --board" in ran.err,
    ),
    Case(
        f"tinygen generate digits.tflite -b {BOARD} --locked -o nowhere",
        lambda ran: "--locked, and there is no project in nowhere" in ran.err,
    ),
)
"""What a model that is quantized already does not take, and an empty folder."""
