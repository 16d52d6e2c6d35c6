"""A sweep as it is asked: the sweep, where names are looked up, and a digest of all that decides its points."""

from __future__ import annotations

import hashlib
import json
import pickle
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from simulator.sweep.files import file_digest, named, with_contents
from simulator.sweep.store import Heading
from simulator.sweep.version import program_version
from topologies.catalogue import BUILT_IN, SUFFIX, Catalogue
from topologies.spec import Spec, dump
from workloads.short_paths import CALLED
from workloads.sweep import Sweep

NESTED = "scenario"
"""Field under which a run has its scenario."""


@dataclass(frozen=True, slots=True)
class Question:
    """A sweep, the catalogue that its changes name entries of, and the folder from which it names files."""

    sweep: Sweep
    names: Catalogue
    folder: Path = field(default_factory=Path.cwd)

    @property
    def heading(self) -> Heading:
        """How a store knows it."""
        sweep, version = self.sweep, program_version()
        own = [(str(path.relative_to(folder)), file_digest(path)) for folder, path in _entries(self.names)]
        asked = [version, sweep.detail, own, with_contents(sweep.model_dump(mode="python"))]
        whole = hashlib.sha256(_json(asked)).hexdigest()
        title = ", ".join([sweep.title or sweep.name, *sweep.changes])
        return Heading(whole, sweep.name, title, sweep.detail, version, sweep.size, dump(sweep))

    def packed(self) -> bytes:
        """For a worker, with the version of the program that it has to be and the files that it has to see."""
        files = tuple(named(self.sweep.model_dump(mode="python")))
        return zlib.compress(pickle.dumps((program_version(), files, self)))


def key_of(swept: Spec) -> str:
    """Digest of what is simulated: values and contents of files, whatever it is called."""
    data = swept.model_dump(mode="python")
    for part in (data, data.get(NESTED)):
        if isinstance(part, dict):
            for name in CALLED:
                part.pop(name, None)
    return hashlib.sha256(_json([type(swept).__name__, with_contents(data)])).hexdigest()


def key_of_changes(sweep: Sweep, changes: Mapping[str, object]) -> str:
    """Digest of a point that is not valid: what was to be changed of what."""
    return "not valid: " + hashlib.sha256(_json([key_of(sweep.swept), dict(changes)])).hexdigest()


def _entries(names: Catalogue) -> Iterator[tuple[Path, Path]]:
    """Folder and file of every catalogue entry that is not part of the program."""
    for root in names.roots:
        if root.label != BUILT_IN:
            yield from ((root.folder, path) for path in sorted(root.folder.glob("*/*" + SUFFIX)))


def _json(data: object) -> bytes:
    """Canonical text of plain data."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
