"""Which program worked a point out: its release, and a digest of its own files."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOMS = ("topologies", "workloads", "simulator")
"""What decides a point's figures; reports and the command line only show them."""
SUFFIXES = frozenset({".py", ".yaml"})
ROOT = Path(__file__).parents[2]


@cache
def program_version() -> str:
    """`0.1.0+1f0c...`: any change of the program's files or catalogue makes it another."""
    try:
        release = version("clustercast")
    except PackageNotFoundError:
        release = "0"
    return f"{release}+{files_digest(ROOT)[:16]}"


def files_digest(root: Path) -> str:
    """Digest of names and contents of the program's files."""
    found = hashlib.sha256()
    files = sorted(path for room in ROOMS for path in (root / room).rglob("*") if path.suffix in SUFFIXES)
    for path in files:
        content = path.read_bytes()
        found.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()
