"""A result as JUnit XML, which CI servers show as tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from tinygen.api.bench import BenchResult
from tinygen.api.compare import CompareResult
from tinygen.api.gates import GateOutcome
from tinygen.api.verify import VerifyResult
from tinygen.errors import TinygenError
from tinygen.printable import printable
from tinygen.proof.verdict import Verdict
from tinygen.report.text.gates import figure


def write_junit(
    file: Path, command: str, result: object, outcomes: Sequence[GateOutcome], text: str
) -> None:
    """One test for each output or engine, and for each gate; `text` is the report beside them."""
    name = command
    if isinstance(result, VerifyResult):
        name = f"{command} {result.model} on {result.board}"
    suite = TestSuite(printable(name))
    cases = [*_cases(command, result), *map(_gate, outcomes)]
    cases[0].system_out = printable(text, "\n")
    for case in cases:
        case.classname = f"tinygen.{command}"
        suite.add_testcase(case)
    suite.time = float(getattr(result, "seconds", 0.0))
    _write(file, suite)


def write_junit_error(file: Path, command: str, error: TinygenError) -> None:
    """The command as one test that could not be run."""
    case = TestCase(command, f"tinygen.{command}")
    case.result = [_told(Error, error.what, f"{error}", type(error).__name__)]
    suite = TestSuite(command)
    suite.add_testcase(case)
    _write(file, suite)


def _write(file: Path, suite: TestSuite) -> None:
    whole = JUnitXml("tinygen")
    whole.add_testsuite(suite)
    whole.write(str(file), pretty=True)


def _cases(command: str, result: object) -> Iterator[TestCase]:
    if isinstance(result, VerifyResult):
        for one in result.models or (result,):
            for case in _outputs(one):
                if result.models:
                    case.name = printable(f"{one.c_name}: {case.name}")
                yield case
    elif isinstance(result, BenchResult):
        for row in result.rows:
            name = f"{row.model} on {row.board}: {row.engine} ({row.kernel_set})"
            yield _verdict(name, row.verdict, row.verdict.value, row.failure)
    elif isinstance(result, CompareResult) and result.thresholds:
        yield from map(_gate, result.thresholds)
    else:
        yield TestCase(command)


def _outputs(result: VerifyResult) -> Iterator[TestCase]:
    if result.verdict is Verdict.UNVERIFIED or not result.outputs:
        yield _verdict("verdict", result.verdict, result.reason, result.why)
        return
    for output in result.outputs:
        case = TestCase(printable(f"output {output.name} is the host's, bit for bit"))
        wrong, most = output.device.mismatched_elements, output.device.max_abs_diff_lsb
        if wrong and result.verdict is Verdict.MISMATCH:
            what = f"{wrong:,} of {output.elements:,} elements differ, by up to {most} LSB"
            case.result = [_told(Failure, what, f"{result.first_mismatch}", "MISMATCH")]
        elif wrong:
            case.name = printable(f"output {output.name} is within the tolerance that was given")
        yield case


def _verdict(name: str, verdict: Verdict, what: str, more: str) -> TestCase:
    case = TestCase(printable(name))
    if verdict is Verdict.MISMATCH:
        case.result = [_told(Failure, what, more, verdict.value)]
    elif verdict is Verdict.UNVERIFIED:
        case.result = [_told(Error, what, more, verdict.value)]
    return case


def _gate(outcome: GateOutcome) -> TestCase:
    case = TestCase(printable(f"not {outcome.gate}"))
    if outcome.failed:
        case.result = [_told(Failure, _said(outcome), "", "gate")]
    return case


def _said(outcome: GateOutcome) -> str:
    """What the result has for a gate."""
    if outcome.value is None:
        return f"{outcome.where} is not known"
    return f"{outcome.where} is {figure(outcome.value)}"


def _told(kind: type[Error | Failure], what: str, more: str, name: str) -> Error | Failure:
    made = kind(printable(what), name)
    made.text = printable(more, "\n")
    return made
