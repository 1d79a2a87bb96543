"""The manifest of what a build made."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from tinygen.api.part import Part
from tinygen.api.versions import made_with
from tinygen.boards import Board
from tinygen.ir import input_edges
from tinygen.printable import printable
from tinygen.project import manifest
from tinygen.project.folder import model_file, vectors_file
from tinygen.project.manifest import Manifest
from tinygen.proof.fidelity import Fidelity


def describe(parts: Sequence[Part], board: Board) -> Manifest:
    """What a project says of itself, before its files are written and its firmware is built."""
    identity = parts[0].identity
    first, *others = (_model(part, len(parts)) for part in parts)
    return Manifest(
        version=manifest.VERSION,
        tinygen=identity.version,
        made_with=made_with(board, quantized=any(p.ready.float_tflite is not None for p in parts)),
        engine=identity.engine,
        board=manifest.Target(board.id, board.core),
        others=tuple(others),
        files={},
        firmware=None,
        **{field.name: getattr(first, field.name) for field in dataclasses.fields(first)},
    )


def _model(part: Part, count: int) -> manifest.Other:
    """What it says of one of so many models."""
    ready, options, made, checks = part.ready, part.options, part.made, part.checks
    identity = part.identity
    origins, counts = np.unique(checks.origins, return_counts=True)
    return manifest.Other(
        kernel_set=made.kernel_set,
        told=manifest.Told(
            kernel_set=options.kernel_set,
            optimize=options.optimize,
            without=options.without,
            arena=options.arena,
            debug=options.debug,
            keep_edges=options.keep_edges,
            npu=options.npu,
        ),
        model=manifest.Model(
            name=identity.name,
            c_name=identity.c_name,
            file=model_file(part.name, count),
            sha256=identity.sha256,
            source=manifest.Source(
                file=printable(ready.opened.path.name),
                format=ready.opened.format,
                loader=ready.opened.loader,
                sha256=ready.opened.sha256,
            ),
            macs=made.macs,
            inputs=input_edges(ready.model.graph),
            outputs=ready.outputs,
        ),
        data=None
        if ready.data is None
        else manifest.Calibration(
            source=printable(ready.data.source),
            random=ready.data.is_random,
            samples=ready.data.samples,
            image_range=ready.image_range,
            warnings=ready.data.warnings,
        ),
        fidelity=tuple(_recorded(f) for f in part.reports),
        arena=manifest.Arena(
            bytes=made.arena_bytes,
            minimum_bytes=made.arena_minimum_bytes,
            overhead_bytes=made.arena_overhead_bytes,
            place=made.arena_place,
        ),
        vectors=manifest.Vectors(
            file=vectors_file(part.name, count),
            count=len(checks),
            oracle=checks.oracle,
            origins={str(o): int(c) for o, c in zip(origins, counts, strict=True)},
        ),
    )


def _recorded(fidelity: Fidelity) -> manifest.Fidelity:
    d = fidelity.distance
    return manifest.Fidelity(
        output=fidelity.output,
        samples=fidelity.samples,
        sqnr_db=d.sqnr_db if math.isfinite(d.sqnr_db) else None,
        rmse=d.rmse,
        max_abs_diff=d.max_abs_diff,
        argmax_agreement=d.argmax_agreement,
    )
