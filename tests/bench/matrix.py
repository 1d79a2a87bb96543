"""The rows of bench.json: which model runs on which board, with which engine and kernels."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.conftest import BENCHMARK_MODELS, models_dir
from tests.runner import GOLDEN_MODEL, ROOT
from tinygen.boards import Linux, Qemu, all_boards
from tinygen.devices import user_mode

TABLE = ROOT / "bench.json"
MODELS = (GOLDEN_MODEL.name, *BENCHMARK_MODELS)
M4, M55 = "qemu-cortex-m4", "qemu-cortex-m55"
TFLM_ON_M4 = (
    *((model, "cmsis_nn") for model in MODELS),
    *((MODELS[i], kernels) for i in (0, 3) for kernels in ("reference", "esp_nn")),
)
TFLM_ON_M55 = ((MODELS[0], "reference"), *((model, "cmsis_nn") for model in MODELS[1:]))
"""The engine tflm on the core that has Helium; its reference kernels are the same C everywhere."""
CHOSEN = "chosen"
"""The kernel sets that the engine aot chooses from by itself: all that the core runs."""
MORE = (
    *((MODELS[i], board) for i in (1, 3, 4, 5) for board in ("qemu-cortex-m7", "qemu-cortex-m33")),
    (MODELS[3], "qemu-cortex-m0"),
    *((MODELS[i], "qemu-xtensa") for i in (1, 3, 4, 5)),
    *((MODELS[i], "qemu-hifive1") for i in (1, 3)),
)
"""Models on boards that have room for them."""


@dataclass(frozen=True, order=True)
class Case:
    """One firmware: what is built of which model, for which board."""

    model: str
    board: str
    engine: str
    kernel_set: str
    optimize: str = "balanced"

    @property
    def id(self) -> str:
        goal = () if self.optimize == "balanced" else (self.optimize,)
        return "-".join((Path(self.model).stem, self.board, self.engine, self.kernel_set, *goal))

    @property
    def file(self) -> Path:
        """The model's file, which may not be at hand."""
        return GOLDEN_MODEL if self.model == GOLDEN_MODEL.name else models_dir() / self.model


@dataclass(frozen=True)
class Row:
    """What was proven of a case and what it takes. Bytes; `instructions` is the mean of one
    inference over the vectors, None where nothing counts them; `cycles` of a Cortex-M4 are modelled
    (`tests.counting.cortex_m4`) over fewer vectors, None of other cores."""

    case: Case
    verdict: str
    vectors: int
    instructions: int | None
    cycles: int | None
    flash_code: int
    """All that is not the model's constants, or its flatbuffer."""
    flash_constants: int
    ram: int
    arena: int
    stack: int | None
    """Most bytes of it that were used, None where the device cannot tell."""

    @property
    def flash(self) -> int:
        return self.flash_code + self.flash_constants

    def to_json(self) -> dict[str, Any]:
        """As it lies in the file."""
        fields = asdict(self)
        case: dict[str, Any] = fields.pop("case")
        return case | fields


@dataclass(frozen=True)
class Table:
    """All rows, in the order of `CASES`, and the compiler of each board that they hold for."""

    compilers: dict[str, str]
    rows: dict[Case, Row]

    @staticmethod
    def load(path: Path = TABLE) -> Table:
        """The tracked file."""
        content = json.loads(path.read_text("utf-8"))
        names = Case.__dataclass_fields__
        rows = {}
        for row in content["rows"]:
            case = Case(**{name: row.pop(name) for name in names})
            rows[case] = Row(case, **row)
        return Table(content["compilers"], rows)

    def save(self, path: Path = TABLE) -> None:
        """A row per line, so that a change shows as one."""
        lines = [json.dumps(row.to_json()) for row in self.rows.values()]
        compilers = json.dumps(dict(sorted(self.compilers.items())), indent=1)
        body = ",\n".join(lines)
        path.write_text(f'{{\n"compilers": {compilers},\n"rows": [\n{body}\n]\n}}\n', "utf-8")


def boards_without_hardware() -> list[str]:
    """The boards that are emulated, or that this machine is: those of a cable or of another
    machine with Linux are not."""
    return [
        board.id
        for board in all_boards()
        if isinstance(board.device, Qemu)
        or (isinstance(board.device, Linux) and user_mode.runs_here(board.device))
    ]


def _cases() -> tuple[Case, ...]:
    ours, *others = MODELS
    cases = [Case(ours, board, "aot", CHOSEN) for board in boards_without_hardware()]
    cases += [Case(model, board, "aot", CHOSEN) for model in others for board in (M4, M55)]
    cases += [Case(model, board, "aot", CHOSEN) for model, board in MORE]
    goals = ("speed", "size")
    big = [MODELS[i] for i in (1, 3, 4, 5)]
    cases += [
        Case(model, board, "aot", CHOSEN, goal)
        for board in (M4, M55)
        for model in big
        for goal in goals
    ]
    cases += [Case(model, M4, "aot", "portable") for model in MODELS]
    # With one of its kernel sets alone, and portable: each of the others is switched off.
    cases += [Case(m, M55, "aot", s) for m in (ours, *big) for s in ("mve", "dsp", "portable")]
    cases += [Case(model, M4, "tflm", kernels) for model, kernels in TFLM_ON_M4]
    cases += [Case(model, M55, "tflm", kernels) for model, kernels in TFLM_ON_M55]
    return tuple(cases)


CASES = _cases()
"""Every row there is."""
QUICK = tuple(
    case
    for case in CASES
    if (case.engine == "aot" and case.model == MODELS[0])
    or (case.board == M4 and case.kernel_set == CHOSEN and case.optimize == "balanced")
    or (case.board == M4 and case.model in (MODELS[0], MODELS[2]))
    or (case.board == M55 and case.kernel_set == CHOSEN and case.model == MODELS[3])
)
"""Those that the tests measure again; all, with TINYGEN_TEST_ALL=1."""
