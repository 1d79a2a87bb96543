"""The top of the page: the verdict, what it rests on, and the figures that people ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tinygen.api.facts import Facts
from tinygen.api.results import Kept
from tinygen.api.verify import VerifyResult
from tinygen.proof.verdict import Verdict
from tinygen.report.page.parts import Card, Head
from tinygen.report.page.quality import rated
from tinygen.report.page.words import command, kilobytes, short, when
from tinygen.report.text.tables import share

_TONES = {
    Verdict.MATCH: ("good", "✓"),
    Verdict.MISMATCH: ("bad", "✕"),
    Verdict.WITHIN: ("warn", "≈"),
    Verdict.UNVERIFIED: ("warn", "?"),
}


def head(facts: Facts) -> Head:
    """The verdict of the build as it is now; UNVERIFIED where there is none."""
    found = facts.verify
    if found is None:
        other = "verify" in facts.stale
        npu = facts.project.manifest.told.npu
        return Head(
            word="UNVERIFIED",
            tone="warn",
            mark="?",
            sentence="This build was not verified on a device: not checked is not correct.",
            rests=(
                *(
                    ("There is a verdict of another build, which says nothing of this one.",)
                    * other
                ),
                *(
                    (f"No simulator ran the {npu}: only a board that has it proves its outputs.",)
                    * bool(npu)
                ),
                f"What verifies it: {command(facts, 'verify')}",
            ),
            cards=tuple(_cards(facts)),
        )
    tone, mark = _TONES[found.result.verdict]
    return Head(
        word=found.result.verdict.value,
        tone=tone,
        mark=mark,
        sentence=_sentence(found.result),
        rests=tuple(_rests(facts, found)),
        cards=tuple(_cards(facts)),
    )


def _sentence(result: VerifyResult) -> str:
    elements = f"{result.elements:,} output elements"
    if result.verdict is Verdict.MATCH:
        return f"{elements} on the device, every one bit for bit the host's."
    differ = f"{result.mismatched_elements:,} of {elements} differ from the host's"
    by = f"by up to {result.max_abs_diff_lsb} LSB"
    if result.verdict is Verdict.MISMATCH:
        return f"{differ}, {by}."
    if result.verdict is Verdict.WITHIN:
        return f"{differ}, {by}; {result.atol_lsb} LSB were allowed."
    return f"{result.reason}."


def _rests(facts: Facts, found: Kept[VerifyResult]) -> Iterator[str]:
    result = found.result
    run = f"{result.vectors:,} of {result.vectors_total:,} vectors were run"
    yield f"{run}{_origins(facts, result)}."
    yield f"What is true was computed by {result.oracle}."
    if result.device is not None:
        yield (
            f"The device said that it runs build {result.device.build_id[:12]}, made by compiler "
            f"{result.device.compiler}: the very firmware of this project."
        )
    else:
        yield "No device told which firmware it runs."
    if result.doubt:
        yield f"The oracle is in doubt: {result.doubt}."
    if result.data == "random":
        yield "The model was quantized with random data: its accuracy means nothing."
    yield f"Verified on {when(found)}."


def _origins(facts: Facts, result: VerifyResult) -> str:
    if facts.vectors is None:
        return ""
    counted = Counter(o.split(":")[0] for o in facts.vectors.origins[: result.vectors])
    names = {
        "edge": "at the edges of what is possible",
        "random": "random",
        "test": "of a test set",
    }
    said = (f"{n} {names.get(origin, f'of {origin}')}" for origin, n in counted.items())
    return f": {', '.join(said)}"


def _cards(facts: Facts) -> Iterator[Card]:
    memory, sizes = facts.board.memory, facts.sizes
    if sizes is not None:
        for name, used, room in (
            ("Flash", sizes.flash, memory.flash.bytes),
            ("RAM", sizes.ram, memory.ram.bytes),
        ):
            value, unit = kilobytes(used)
            of, of_unit = kilobytes(room)
            yield Card(name, value, unit, f"of {of} {of_unit}", min(1.0, used / room))
    arena = facts.project.manifest.arena
    value, unit = kilobytes(arena.bytes)
    least = "the minimum" if arena.bytes == arena.minimum_bytes else ""
    yield Card("Arena", value, unit, least or "for tensors")
    yield _spent(facts)
    found = rated(facts)
    if found is not None and (rate := found.result.accuracy) is not None:
        value = share(rate.device).removesuffix(" %")
        yield Card("Accuracy", value, "%", f"of {rate.vectors:,} samples", rate.device)


def _spent(facts: Facts) -> Card:
    macs = f"{short(facts.project.manifest.model.macs)} MACs"
    cost = None if facts.verify is None else facts.verify.result.cost
    if cost is None:
        return Card("An inference", "–", "", f"not measured; {macs}")
    if cost.unit == "nanoseconds":
        return Card("An inference", f"{cost.mean / 1000:,.1f}", "µs", macs)
    unit = "µs" if cost.unit == "microseconds" else cost.unit
    value, *prefix = short(cost.mean).split(" ")
    return Card("An inference", value, " ".join((*prefix, unit)), macs)
