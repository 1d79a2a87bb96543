"""How a converter tells whoever gave the file why it is not converted."""

from __future__ import annotations


class Refused(Exception):
    """What happened, why, and what to do."""

    def __init__(self, what: str, why: str, next_step: str) -> None:
        super().__init__(what, why, next_step)
        self.answer = {"error": {"what": what, "why": why, "next_step": next_step}}
