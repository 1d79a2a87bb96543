"""The table of operators against TensorFlow Lite Micro's resolver at the pinned revision."""

from __future__ import annotations

import re

from tinygen.api.operator_facts import ONLY_LITERT
from tinygen.api.operators import operators
from tinygen.engines.tflm.upstream import RESOLVER, Upstream

ROWS = {row.kind: row for row in operators()}


def test_every_operator_of_the_resolver_is_compiled_or_has_a_reason(upstream: Upstream) -> None:
    assert set(upstream.operators) <= set(ROWS)
    methods = set(re.findall(r"TfLiteStatus Add(\w+)\(", upstream.text(RESOLVER)))
    plain = {kind.replace("_", "").lower() for kind in ROWS}
    assert {m.lower() for m in methods - {"Custom", "Builtin"}} <= plain


def test_the_engine_tflm_has_what_the_table_says(upstream: Upstream) -> None:
    for row in ROWS.values():
        computed = row.types not in ((), ("folded",))
        if computed:
            assert ("tflm" in row.engines) == (row.kind in upstream.operators), row.kind
    assert not ONLY_LITERT & set(upstream.operators)
