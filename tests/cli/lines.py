"""Lines as they are typed, every command and option in one, and what is true of what each says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.runner import Ran

BOARD = "qemu-cortex-m4"


@dataclass(frozen=True)
class Case:
    """A line as it is typed, what must be true of what it says, and its exit code."""

    line: str
    holds: Callable[[Ran], bool]
    code: int = 0

    @property
    def id(self) -> str:
        return re.sub(r"\W+", "-", self.line)


# Nothing of these needs a device. `digits.tflite` is the golden model, `pools.tflite` one that the
# stand-in for TensorFlow Lite Micro runs, `samples.npz` and `images` fit the digits.
LINES = (
    Case(
        "tinygen --version", lambda ran: re.fullmatch(r"tinygen \d+\.\d+.*\n", ran.out) is not None
    ),
    Case(
        "tinygen boards",
        lambda ran: all(name in ran.out for name in (BOARD, "uno", "cortex-m4", "avr5")),
    ),
    Case("tinygen boards --json", lambda ran: BOARD in [b["id"] for b in ran.json["boards"]]),
    Case(
        f"tinygen boards {BOARD}",
        lambda ran: re.search(r"memory\.ram\.bytes +\d[\d,]+ bytes", ran.out) is not None,
    ),
    Case(f"tinygen boards {BOARD} --json", lambda ran: bool(ran.json["device"]["machine"])),
    Case(
        "tinygen boards ESP32-C3 --toml",
        lambda ran: ran.out == (Path("tinygen/boards/esp32c3.toml")).read_text("utf-8"),
    ),
    Case(
        "tinygen boards --schema",
        lambda ran: ran.json["$defs"]["Board"]["properties"].keys() >= {"id", "device"},
    ),
    Case(
        "tinygen doctor",
        lambda ran: (
            re.search(r"^good +tensorflow: \d", ran.out, re.M) is not None
            and re.search(r"^good +arm-none-eabi-gcc: \d", ran.out, re.M) is not None
        ),
    ),
    Case(
        "tinygen doctor --json",
        lambda ran: {"Python", "oracle", "disk"} <= {c["subject"] for c in ran.json["checks"]},
    ),
    Case(
        "tinygen ops",
        lambda ran: (
            re.search(r"^CONV_2D +int8, int16 +aot, tflm +.*dsp", ran.out, re.M) is not None
        ),
    ),
    Case(
        "tinygen ops --json",
        lambda ran: "CONV_2D" in json.dumps(ran.json),
    ),
    Case(
        "tinygen inspect digits.tflite",
        lambda ran: (
            "70,080 MACs" in ran.out
            and len(re.findall(r"^\d +\w*CONV_2D", ran.out, re.MULTILINE)) == 3
            and re.search(r"^uno +(yes|no) +[\d,]+ B ", ran.out, re.MULTILINE) is not None
        ),
    ),
    Case(
        "tinygen inspect digits.tflite --board UNO",
        lambda ran: (
            re.search(r"^uno +(yes|no) +[\d,]+ B ", ran.out, re.MULTILINE) is not None
            and "mega2560" not in ran.out
        ),
    ),
    Case(
        "tinygen inspect digits.tflite --data samples.npz --test samples.npz --image-range 0 1"
        ' --seed 3 --fidelity --fail-if "saturated > 0.99" --junit i.xml --json-file i.json'
        " --csv i.csv --markdown i.md",
        lambda ran: (
            re.search(r"^FULLY_CONNECTED +\|", ran.out, re.MULTILINE) is not None
            and "cannot be known" in ran.out
        ),
    ),
    Case(
        'tinygen inspect digits.tflite -b UNO --fail-if "macs > 7e4"',
        lambda ran: "macs > 7e4" in ran.out and "70,080" in ran.out,
        code=7,
    ),
    Case(
        "tinygen inspect digits.tflite --board qemu-cortex-m55 --npu ethos-u55-128 --json",
        lambda ran: (
            all(one["on_npu"] for one in ran.json["npu"]["operators"])
            and "no output of it is proven" in ran.json["npu"]["not_proven"]
        ),
    ),
    Case(
        "tinygen inspect digits.tflite --npu ethos-u99",
        lambda ran: "ethos-u55-128" in ran.err,
        code=2,
    ),
    Case(
        "tinygen inspect digits.tflite --fidelity",
        lambda ran: "give --data SAMPLES" in ran.err,
        code=2,
    ),
    Case(
        "tinygen inspect digits.tflite --trust-model --json",
        lambda ran: (
            ran.json["macs"] == 70_080
            and sum(layer["macs"] for layer in ran.json["layers"]) == 70_080
            and {fit["board"] for fit in ran.json["boards"] if fit["fits"]} >= {BOARD, "microbit"}
        ),
    ),
    Case(
        f"tinygen generate digits.tflite -b {BOARD} --data samples.npz --seed 3 --no-cache"
        " --fidelity --engine aot --kernel-set portable --without portable/conv_2d_packed"
        " --optimize size --out rendered",
        lambda ran: "samples.npz" in ran.out and "next: pio run -d rendered" in ran.out,
    ),
    Case(
        f"tinygen generate digits.tflite -b {BOARD} -d images --image-range 0 1 --trust-model"
        " --trust-project --test labelled.npz -o seen --json",
        lambda ran: (
            ran.json["data"] == "images"
            and ran.json["kernel_set"].split("+")[-1] == "portable"
            and ran.json["arena_bytes"] == ran.json["arena_minimum_bytes"]
        ),
    ),
    Case(
        f"tinygen generate digits.tflite -b {BOARD} --labels labels.txt -o named",
        lambda ran: 'classes           0 "zero", 0; 1 日' in ran.out,
    ),
    Case(
        f"tinygen generate pools.tflite -b {BOARD} --engine tflm --arena 4096 --debug -o t --json",
        lambda ran: ran.json["arena_bytes"] == 4096 and ran.json["engine"] == "tflm",
    ),
    Case(
        "tinygen generate pools.tflite -b qemu-cortex-m55 --engine tflm --npu ethos-u55-128"
        " --arena 4096 -o n --json",
        lambda ran: (
            ran.json["npu"]["npu"] == "ethos-u55-128"
            and any("NOT PROVEN" in note for note in ran.json["notes"])
        ),
    ),
    Case(
        f"tinygen generate pools.tflite -b {BOARD} --npu ethos-u55-128",
        lambda ran: f"{BOARD} has no NPU" in ran.err,
        code=2,
    ),
    Case(
        f"tinygen generate digits.tflite -b {BOARD} --keep-edges --edited move -o kept --json",
        lambda ran: ran.json["layers"] == 7,  # its edges are int8: nothing is to be converted
    ),
    Case(
        f"tinygen export digits.tflite -b {BOARD} --as arduino --zip -o library --optimize size"
        " --kernel-set portable --data samples.npz --labels labels.txt --json",
        lambda ran: (
            ran.json["path"] == "library.zip"
            and "examples/classify/classify.ino" in ran.json["files"]
        ),
    ),
    Case(
        f"tinygen export digits.tflite -b {BOARD} --as header -o one",
        lambda ran: re.search(r"^written +one, 2 files$", ran.out, re.M) is not None,
    ),
    Case(
        "tinygen stream digits.tflite --hop 2 --axis 1 -o s.tflite"
        f" -b {BOARD} --engine aot:portable",
        lambda ran: (
            re.search(r"^work +65,472 MACs a hop, 70,080 a window: 93.4 %$", ran.out, re.M)
            is not None
            and len(re.findall(r"\| +MATCH \|", ran.out)) == 2
            and re.search(r"^aot: a hop takes 8\d.* of a window's instructions", ran.out, re.M)
            is not None
        ),
    ),
    Case(
        "tinygen stream digits.tflite --hop 2 --json",
        lambda ran: (
            ran.json["input"]["shape"] == [1, 2, 8, 1]
            and ran.json["hops_checked"] == 10
            and ran.json["least_hop"] == 4
        ),
    ),
    Case(
        "tinygen setup tflm --source mirror",
        lambda ran: "90b983c2b3f1480642e040bbd2ddb37b998f3424" in ran.out and "tflm" in ran.out,
    ),
    Case(
        "tinygen setup tflm --source mirror --json",
        lambda ran: Path(ran.json["folder"]).name == "tflm" and ran.json["what"] == "tflm",
    ),
    Case(
        "tinygen cache",
        lambda ran: re.search(r"^in all +[\d,]+ bytes$", ran.out, re.MULTILINE) is not None,
    ),
    Case("tinygen cache --prune --json", lambda ran: ran.json["freed_bytes"] >= 0),
    Case(
        f"tinygen bench digits.tflite -b {BOARD} --engine aot,aot:portable",
        lambda ran: (
            re.search(r"verdict +\| +MATCH \| +MATCH", ran.out) is not None
            and re.search(r"instructions per inference +\| +\d{3},\d{3} ", ran.out) is not None
        ),
    ),
    Case(
        f"tinygen bench digits.tflite -b {BOARD} -d samples.npz -o benched --no-cache"
        " --trust-model --json --engine aot:portable --fail-if 'instructions > 1e9' --junit b.xml"
        " --json-file b.json --csv b.csv --markdown b.md",
        lambda ran: (
            [row["verdict"] for row in ran.json["rows"]] == ["MATCH"]
            and ran.json["rows"][0]["unit"] == "instructions"
            and ran.json["rows"][0]["flash_model"] == 5_934
        ),
    ),
    Case(
        f"tinygen bench digits.tflite -b {BOARD} --scheduler nowhere",
        lambda ran: "tcp://HOST:8786" in ran.err,
        code=2,
    ),
    Case(
        f"tinygen compress digits.tflite -b {BOARD} -d samples.npz --scheduler nowhere",
        lambda ran: "tcp://HOST:8786" in ran.err,
        code=2,
    ),
    Case(
        f"tinygen bench digits.tflite -b {BOARD} --port uno=1",
        lambda ran: "BOARD=PORT, of hardware" in ran.err,
        code=2,
    ),
    Case(
        "tinygen inspect digits.tflite --npu nothing",
        lambda ran: "ethos-u55-128" in ran.err,
        code=2,
    ),
    Case(
        "tinygen compare digits.tflite digits.tflite",
        lambda ran: "neither a project nor a saved result" in ran.err,
        code=2,
    ),
)
# In this order: each stands on what the one before it left.
STORY = (
    Case(
        f"tinygen build digits.tflite -b {BOARD} --jobs 1",
        lambda ran: (
            re.search(r"flash +\|[\d, ]+bytes", ran.out) is not None
            and "next: tinygen flash" in ran.out
        ),
    ),
    Case(
        f"tinygen build digits.tflite -b {BOARD} -j 1 --fail-if flash>1e6 --junit b.xml --csv b.csv"
        " --json-file b.json --markdown b.md --json",
        lambda ran: ran.json["gates"][0]["failed"] is False,
    ),
    Case(
        f"tinygen build digits.tflite -b {BOARD} -j 1 --activations int8 --name model --json",
        lambda ran: ran.json["sizes"]["flash"] > ran.json["generated"]["constant_bytes"],
    ),
    Case(
        "tinygen compare b.json b.json --threshold 'flash > 5%' --fail-if 'figures.0.a < 0'"
        " --junit c.xml --csv c.csv --json-file c.json --markdown c.md",
        lambda ran: re.search(r"^arena +\|.* \+0 \| \+0\.0 %$", ran.out, re.M) is not None,
    ),
    Case("tinygen report --html page.html --json", lambda ran: ran.json["bytes"] > 10000),
    Case("tinygen flash", lambda ran: "socket://127.0.0.1:" in ran.out and "digits" in ran.out),
    Case(
        "tinygen flash --json --trust-project", lambda ran: ran.json["port"].startswith("socket://")
    ),
    Case(
        "tinygen verify --vectors 7 --trust-project",
        lambda ran: ran.out.startswith("MATCH") and "7 of " in ran.out,
    ),
    Case(
        "tinygen verify --vectors 3 --port PORT --timeout 300 --spy bytes.spy --baud 115200 --json",
        lambda ran: ran.json["verdict"] == "MATCH" and ran.json["vectors"] == 3,
    ),
    Case(
        "tinygen verify --vectors 3 --port replay:bytes.spy --json",
        lambda ran: ran.json["verdict"] == "MATCH" and ran.json["port"] == "replay:bytes.spy",
    ),
    Case(
        "tinygen verify --vectors 5 --atol 2 --fail-if 'mismatched > 0' --junit v.xml --csv v.csv"
        " --json-file v.json --markdown v.md --fail-if 'cost.mean>1e9'",
        lambda ran: (
            ran.out.startswith("MATCH")
            and "all gates hold" in ran.out
            and re.search(r"^mismatched > 0 +\| +0 \| mismatched_elements: holds$", ran.out, re.M)
            is not None
        ),
    ),
    Case(
        "tinygen verify --layers --vectors 2 --trust-project",
        lambda ran: ran.out.startswith("MATCH") and "looked into 2" in ran.out,
    ),
    Case(
        "tinygen profile --vectors 2 --timeout 300 --trust-project --csv p.csv",
        lambda ran: (
            re.search(r"^ *0 +\w*CONV_2D .*%", ran.out, re.M) is not None
            and re.search(r"per inference +\d{3},\d{3} instructions", ran.out) is not None
        ),
    ),
    Case(
        "tinygen profile --json --fail-if 'instructions > 1e9' --junit p.xml --json-file p.json"
        " --markdown p.md",
        lambda ran: (
            ran.json["unit"] == "instructions"
            and sum(layer["macs"] for layer in ran.json["layers"]) == 70_080
        ),
    ),
    Case(
        f"tinygen compare build/digits-{BOARD} p.json --measure --trust-project --json"
        " --threshold 'layer > 1%' --threshold 'instructions > 1%'",
        lambda ran: (
            len(ran.json["layers"]) == 7
            and all(layer["same_kernel"] for layer in ran.json["layers"])
            and [gate["failed"] for gate in ran.json["thresholds"]] == [False, False]
        ),
    ),
    Case(
        "tinygen verify --data labelled.npz --vectors 9",
        lambda ran: (
            re.search(r"^samples +9 of labelled.npz$", ran.out, re.M) is not None
            and re.search(r"^time .*, [\d.,]+ vectors a second on this host$", ran.out, re.M)
            is not None
            and "accuracy on 9 labelled samples" in ran.out
            and re.search(r"^label . device +0 ", ran.out, re.M) is not None
        ),
    ),
    Case(
        "tinygen verify -d images --image-range 0 1 --labels y.csv --json",
        lambda ran: (
            ran.json["samples"] == "images"
            and {c["number"]: c["samples"] for c in ran.json["accuracy"]["classes"]}[3] == 4
            and ran.json["vectors_per_second"] > 0
        ),
    ),
    Case(
        "tinygen run --input samples.npz --trust-project",
        lambda ran: (
            re.search(r"^sample 12 +\| .*highest \[\d\] +\|", ran.out, re.M) is not None
            and "instructions" in ran.out
        ),
    ),
    Case(
        "tinygen run -i images/0.png --image-range 0 1 --port PORT --json",
        lambda ran: (
            [answer["sample"] for answer in ran.json["answers"]] == ["0.png"]
            and len(ran.json["answers"][0]["outputs"][0]) == 10
        ),
    ),
    Case(
        "tinygen profile --port PORT --vectors 2",
        lambda ran: "which notes nothing of its layers" in ran.err,
        code=6,
    ),
    Case("tinygen stop", lambda ran: "stopped" in ran.out or "ended" in ran.out),
    Case("tinygen stop --json", lambda ran: ran.json["stopped"] is False),
)
DEMO = "tinygen demo --out FOLDER"
"""Run by tests/docs, which holds what it prints against its page."""
WATCHED = "tinygen run --watch images"
MONITORED = "tinygen monitor --trust-project --port PORT"
"""Run by tests of their own: they end only with Ctrl-C."""
