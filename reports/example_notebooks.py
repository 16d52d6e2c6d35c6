"""The example notebooks that ship: each a question worked through in Python."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "notebooks"


def notebooks() -> tuple[Path, ...]:
    """Their files, sorted by name."""
    return tuple(sorted(FOLDER.glob("*.ipynb")))
