"""A higher rate of the line: agreed on where it carries, left where it does not, and never at the
price of a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import host_device
from tests.faults.laboratory import LIMIT
from tests.faults.line import Faults
from tests.faults.rated_line import DEFINES, FASTEST, FIRST, RatedDevice, RatedLine
from tests.protocol import protocol_device as pd
from tinygen.api.board import project_board
from tinygen.api.built import Built, look
from tinygen.api.connection import Connection
from tinygen.api.own_data import stored_vectors
from tinygen.api.verify import VerifyResult, verify, verify_over
from tinygen.devices.link import Session
from tinygen.devices.link.deadline import Deadline
from tinygen.errors import DeviceError, InputError
from tinygen.progress import SILENT
from tinygen.project import open_project
from tinygen.proof.vectors import Vectors
from tinygen.proof.verdict import Verdict

CLEAN = ("mixed", 0.0)
INPUTS = [bytes(pd.IMAGE), bytes(pd.EXTRA)]


@pytest.fixture(scope="module", name="program")
def _program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("rated") / "device"
    return pd.compile_device(target, pd.DIALECTS[0], DEFINES)


@pytest.fixture(name="device")
def _device(program: Path) -> Iterator[RatedDevice]:
    device = RatedDevice(program)
    yield device
    device.close()


def opened(
    device: RatedDevice, carries: int, kind: str = "mixed", rate: float = 0.0, seed: int = 0
) -> tuple[Session, RatedLine]:
    line = RatedLine(device, carries, seed, Faults(kind, rate, seed))
    return Session(line, clock=device.clock), line


@pytest.mark.parametrize(
    ("carries", "most", "agreed", "seconds"),
    [
        (FASTEST, FASTEST, FASTEST, 0.0),
        (FASTEST, 2_000_000, FASTEST, 0.0),  # no more than the device can
        (FASTEST, 500_000, 500_000, 0.0),
        (500_000, FASTEST, FASTEST // 2, 3.0),
        (250_000, FASTEST, FASTEST // 4, 6.0),
        (FIRST, FASTEST, FIRST, 9.0),  # a bridge that does no other
        (FIRST, 200_000, FIRST, 3.0),
    ],
)
def test_the_highest_rate_that_carries(
    device: RatedDevice, carries: int, most: int, agreed: int, seconds: float
) -> None:
    session, line = opened(device, carries)
    assert session.hello().fastest == FASTEST
    start = device.clock()
    session.speed_up(most)
    device.pass_time()
    assert (session.baud, line.baud, device.baud()) == (agreed, agreed, agreed)
    assert device.clock() - start <= seconds
    assert session.retries == 0
    result = session.infer(INPUTS)
    assert result.outputs[0] == pd.expected(*INPUTS)
    assert session.retries == 0


def test_firmware_that_has_no_other_rate_is_not_asked() -> None:
    device = pd.Lockstep()

    class Line(RatedLine):
        def write(self, data: bytes) -> None:
            device.write(data)

        def read(self, timeout: float) -> bytes:
            return device.read(timeout)

    line = Line(device, FASTEST, 0, Faults(*CLEAN, 0))  # type: ignore[arg-type]
    session = Session(line, clock=device.clock)
    session.speed_up(FASTEST)
    assert line.rates == []
    assert session.baud == FIRST
    device.close()


def test_a_host_that_was_held_up_finds_the_device_at_its_first_rate(device: RatedDevice) -> None:
    session, _ = opened(device, FASTEST)
    session.speed_up(FASTEST)
    device.wait(10.0)
    assert session.infer(INPUTS).outputs[0] == pd.expected(*INPUTS)
    assert session.retries
    assert (session.baud, device.baud()) == (FIRST, FIRST)


def test_a_host_that_comes_anew_finds_it_too(device: RatedDevice) -> None:
    """The one before it was ended at the higher rate."""
    opened(device, FASTEST)[0].speed_up(FASTEST)
    assert device.baud() == FASTEST
    session, _ = opened(device, FASTEST)
    assert session.infer(INPUTS).outputs[0] == pd.expected(*INPUTS)
    assert device.baud() == FIRST


def test_a_line_that_gets_worse_is_left_for_the_first_rate(device: RatedDevice) -> None:
    session, line = opened(device, FASTEST)
    session.speed_up(FASTEST)
    line._carries = FIRST
    assert session.infer(INPUTS).outputs[0] == pd.expected(*INPUTS)
    assert (session.baud, device.baud()) == (FIRST, FIRST)


@pytest.mark.parametrize("carries", [FIRST, 300_000, FASTEST])
@pytest.mark.parametrize("kind", ["drop", "duplicate", "flip", "inject"])
def test_damaged_bytes_end_in_right_outputs_or_an_error(
    program: Path, kind: str, carries: int
) -> None:
    ends = []
    for seed in range(6):
        device = RatedDevice(program)
        session, _ = opened(device, carries, kind, 1 / 500, seed)
        start = device.clock()
        try:
            session.speed_up(FASTEST)
            for _ in range(2):
                assert session.infer(INPUTS).outputs[0] == pd.expected(*INPUTS)
            ends.append(True)
        except DeviceError:
            ends.append(False)
        finally:
            device.close()
        assert device.clock() - start < 120
    assert any(ends)


class Fixture:
    """Right and wrong firmware of one project, whose line has rates."""

    def __init__(self, folder: Path) -> None:
        project = open_project(host_device.project(folder / "project"))
        self.built = look(project, project_board(project))
        self.checks: Vectors = stored_vectors(project)
        right = host_device.compile_project(project.path, folder / "right", DEFINES)
        wrong = host_device.compile_wrong(project.path, folder / "wrong", DEFINES)
        self.programs = {True: right, False: wrong}

    def verify(self, right: bool, carries: int, faults: Faults, seed: int) -> VerifyResult:
        device = RatedDevice(self.programs[right])
        connection = RatedConnection(self.built, device, carries, faults, seed)
        try:
            return verify_over(connection, self.checks, 2, LIMIT, SILENT, FASTEST)
        finally:
            device.close()


class RatedConnection(Connection):
    """Sessions over such a line."""

    def __init__(
        self, built: Built, device: RatedDevice, carries: int, faults: Faults, seed: int
    ) -> None:
        self.built = built
        self.port = "laboratory"
        self._line = RatedLine(device, carries, seed, faults)
        self._device = device

    def open(self) -> Session:
        deadline = Deadline(LIMIT, "--timeout", self._device.clock)
        return Session(self._line, clock=self._device.clock, deadline=deadline)

    def reopen(self) -> Session:
        return self.open()

    def last_words(self) -> str:
        return ""


@pytest.fixture(scope="module", name="fixture")
def _fixture(tmp_path_factory: pytest.TempPathFactory) -> Fixture:
    return Fixture(tmp_path_factory.mktemp("verdicts"))


@pytest.mark.invariant("S9")
@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
@pytest.mark.parametrize(("carries", "agreed"), [(FIRST, FIRST), (FASTEST, FASTEST)])
def test_a_verdict_is_the_same_at_every_rate(
    fixture: Fixture, right: bool, carries: int, agreed: int
) -> None:
    clean = fixture.verify(right, carries, Faults(*CLEAN, 0), 0)
    assert clean.verdict is (Verdict.MATCH if right else Verdict.MISMATCH)
    assert (clean.baud, clean.retries) == (agreed, 0)
    for seed in range(6):
        result = fixture.verify(right, carries, Faults("flip", 1 / 300, seed), seed)
        assert result.verdict is not (Verdict.MISMATCH if right else Verdict.MATCH)


def test_a_rate_below_the_firmwares_is_refused(fixture: Fixture) -> None:
    with pytest.raises(InputError, match="9600 baud is less than") as caught:
        verify(fixture.built.project.path, baud=9600)
    assert caught.value.next_step == "--baud 115200 or more"
