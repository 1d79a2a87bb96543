"""Verifications over faulty lines, and a table of how they ended.

    python -m tests.faults.laboratory [COUNT]

One in four is of a model that remembers, two sequences of which are run. A verdict is wrong where
right firmware does not match, or wrong firmware does.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tests.faults import host_device
from tests.faults.line import KINDS, RATES, Faults, FaultyLine
from tests.protocol.protocol_device import Lockstep
from tests.runner import GOLDEN_MODEL
from tests.state.models import streaming
from tinygen.api.board import project_board
from tinygen.api.built import Built, look
from tinygen.api.connection import Connection
from tinygen.api.own_data import stored_vectors
from tinygen.api.verify import VerifyResult, verify_over
from tinygen.devices.link import Session
from tinygen.devices.link.deadline import Deadline
from tinygen.errors import DeviceError
from tinygen.progress import SILENT
from tinygen.project import open_project
from tinygen.proof.vectors import Vectors
from tinygen.proof.verdict import Verdict

VECTORS = 2
LIMIT = 300.0
"""Seconds that a verification may take, on the clock of a device whose silence costs nothing."""

_REASONS = (
    "does not answer",  # too much was lost
    "connection to a faulty line broke",  # and broke again
    "was not done within",
    "changed after they were written",  # a late request, again and again
    "has not computed these outputs",
    "changed while they were read",
    "the device restarted",
    "remembers is of something else",  # a step that was lost, again and again
)
"""What is true of a line with faults, in the words of the reasons."""


class LaboratoryConnection(Connection):
    """Sessions with one device over lines with the same faults."""

    def __init__(self, built: Built, device: Lockstep, faults: Faults, deadline: Deadline) -> None:
        self.built = built
        self.port = "laboratory"
        self._device = device
        self._faults = faults
        self._deadline = deadline

    def open(self) -> Session:
        line = FaultyLine(self._device, self._faults, self._device.clock, self._device.wait)
        while self._device.read(0.0):  # what was on the way when a line broke is lost
            pass
        return Session(line, clock=self._device.clock, deadline=self._deadline)

    def reopen(self) -> Session:
        return self.open()

    def last_words(self) -> str:
        return ""


@dataclass
class Row:
    """How the verifications with one kind of fault at one rate ended."""

    kind: str
    rate: float
    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    longest: float = 0.0


class Laboratory:
    """The right firmware of a project, and a wrong one, behind lines with faults."""

    def __init__(self, folder: Path, model: Path = GOLDEN_MODEL) -> None:
        project = open_project(host_device.project(folder / "project", model))
        self.built = look(project, project_board(project))
        self.checks = _short(stored_vectors(project))
        self.count = VECTORS if self.checks.starts is None else len(self.checks)
        right = host_device.compile_project(project.path, folder / "right")
        wrong = host_device.compile_wrong(project.path, folder / "wrong")
        self.devices = {True: Lockstep(program=right), False: Lockstep(program=wrong)}

    def verify(self, faults: Faults, *, right: bool = True) -> tuple[VerifyResult, float]:
        """The result, and the seconds that it took on the device's clock."""
        device = self.devices[right]
        start = device.clock()
        deadline = Deadline(LIMIT, "--timeout", device.clock)
        connection = LaboratoryConnection(self.built, device, faults, deadline)
        result = verify_over(connection, self.checks, self.count, LIMIT, SILENT)
        return result, device.clock() - start

    def row(self, kind: str, rate: float, seeds: range, row: Row | None = None) -> Row:
        """One verification for each seed, every fourth of the wrong firmware; added to `row`."""
        row = row or Row(kind, rate)
        for seed in seeds:
            right = seed % 4 != 3
            faults = Faults(kind, rate, seed)
            result, seconds = self.verify(faults, right=right)
            row.faults += faults.count
            row.longest = max(row.longest, seconds)
            row.ends[f"{result.verdict.value}{'' if right else ' of wrong firmware'}"] += 1
            row.wrong += self._complaints(result, seconds, right=right)
            if result.verdict is Verdict.UNVERIFIED:
                row.reasons[_family(result.reason)] += 1
        return row

    def close(self) -> None:
        """End the devices, and see that no sanitizer complained."""
        for device in self.devices.values():
            device.close()

    @staticmethod
    def _complaints(result: VerifyResult, seconds: float, *, right: bool) -> Iterator[str]:
        if result.verdict is (Verdict.MISMATCH if right else Verdict.MATCH):
            yield f"{result.verdict.value} of {'right' if right else 'wrong'} firmware"
        if result.verdict is Verdict.UNVERIFIED and _family(result.reason) not in _REASONS:
            yield f"an untrue reason: {result.reason}"
        if seconds > LIMIT + 1:
            yield f"it took {seconds:.0f} s"


def _short(checks: Vectors) -> Vectors:
    """Of sequences two of three steps each, whose inputs are the same: only their order tells."""
    if checks.starts is None:
        return checks
    begin = checks.origins.index("random")
    picks = begin + np.array([0, 1, 2, 0, 1, 2])
    return replace(
        checks,
        inputs=tuple(array[picks] for array in checks.inputs),
        expected=tuple(array[picks] for array in checks.expected),
        origins=tuple(checks.origins[i] for i in picks),
        labels=checks.labels[picks],
        litert=None,
        real_outputs=None,
        starts=np.arange(len(picks)) % 3 == 0,
    )


def _family(reason: str) -> str:
    return next((known for known in _REASONS if known in reason), reason)


def main() -> int:
    """Print the table; 1 where a verdict was wrong."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    cells = [(kind, rate) for kind in (*KINDS, "mixed") for rate in RATES]
    each = -(-count // len(cells))
    started, rows = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        remembers = where / "stream.tflite"
        remembers.write_bytes(streaming())
        laboratories = Laboratory(where / "plain"), Laboratory(where / "stream", remembers)
        print(f"{'fault':10} {'1 in':>5} {'faults':>8}  {'MATCH':>6} {'MISMATCH':>8} ", end="")
        print(f"{'UNVERIFIED':>10} {'wrong':>6} {'longest':>8}")
        for kind, rate in cells:
            row = Row(kind, rate)
            for laboratory, seeds in zip(
                laboratories, (range(each - each // 4), range(each - each // 4, each)), strict=True
            ):
                laboratory.row(kind, rate, seeds, row)
            rows.append(row)
            unverified = sum(n for end, n in row.ends.items() if end.startswith("UNVERIFIED"))
            matched, missed = row.ends["MATCH"], row.ends["MISMATCH of wrong firmware"]
            print(f"{kind:10} {1 / rate:5.0f} {row.faults:8}  {matched:6} {missed:8} ", end="")
            print(f"{unverified:10} {len(row.wrong):6} {row.longest:6.0f} s", flush=True)
            for complaint in row.wrong[:3]:
                print(f"  {complaint}")
        for laboratory in laboratories:
            laboratory.close()
    wrong = sum(len(row.wrong) for row in rows)
    reasons = sum((row.reasons for row in rows), Counter[str]())
    print(f"{each * len(cells):,} verifications in {time.monotonic() - started:.0f} s, ", end="")
    print(f"{sum(row.faults for row in rows):,} faults, {wrong} wrong; 3 in 4 of right firmware")
    print("unverified because:", ", ".join(f"{n} {reason}" for reason, n in reasons.most_common()))
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DeviceError as error:
        sys.exit(f"{error.what}: {error.why}")
