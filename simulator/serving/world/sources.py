"""One number for the sources of compiled code, so that a cached compilation is not taken for that of other sources."""

from __future__ import annotations

import zlib
from pathlib import Path


def stamp_of(file: str) -> int:
    """Checksum of all Python files beside one that are compiled, and of the state they share."""
    texts = {path.name: path.read_bytes() for path in sorted(Path(file).parent.glob("*.py"))}
    return zlib.crc32(b"".join(text for name, text in texts.items() if b"@njit" in text or name == "state.py"))
