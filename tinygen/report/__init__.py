"""What people look at: results as tables, and as JSON for programs."""

from __future__ import annotations

from tinygen.report.json import print_json, to_json
from tinygen.report.text import print_report

__all__ = ["print_json", "print_report", "to_json"]
