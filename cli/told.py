"""What is printed of any result: its blocks under its title, or its headline as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.result import Answered, Result


def as_blocks(result: Result | Answered, figures: Sequence[str], report: Path) -> str:
    """Title, blocks of figures, what they mean, warnings, where the report is; empty ones left out."""
    warned = "\n".join(f"warning: {warning}" for warning in result.warnings)
    parts = [result.title, *figures, "\n".join(result.answer), warned, f"report: {report}"]
    return "\n\n".join(part for part in parts if part)


def headline_json(whole: Mapping[str, Any], report: Path, **more: object) -> str:
    """Headline, answer, warnings and the report's path of a result.json, and more if given."""
    told = {key: whole[key] for key in ("name", "headline", "answer", "warnings")}
    return json.dumps({**told, **more, "report": str(report)}, indent=2, ensure_ascii=False)
