"""Files that a scenario names, such as a router's loads: what counts is their content, not their path."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

PATH = "path"
"""Field that names a file, wherever a Spec has one; in a change, the end of its dotted path."""
S = TypeVar("S", bound=BaseModel)


def with_contents(data: object) -> object:
    """Plain data with a digest in place of every file that is named and there."""
    if isinstance(data, Mapping):
        return {str(key): _content(key, value) for key, value in data.items()}
    return [with_contents(value) for value in data] if isinstance(data, list | tuple) else data


def named(data: object) -> Iterator[Path]:
    """Every file that plain data names and that is there."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if (file := _file(key, value)) is not None:
                yield file.resolve()
            else:
                yield from named(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from named(value)


def rooted(spec: S, folder: Path) -> S:
    """The Spec with files named from a folder on, so that a process elsewhere on the machine finds them."""
    found: dict[str, object] = {}
    for name in type(spec).model_fields:
        value = getattr(spec, name)
        if name == PATH and isinstance(value, str) and not Path(value).is_absolute():
            found[name] = str(folder / value)
        elif isinstance(value, BaseModel) and (inner := rooted(value, folder)) is not value:
            found[name] = inner
    return spec.model_copy(update=found) if found else spec


def _content(key: object, value: object) -> object:
    """Digest of the file that an entry names; else what it holds."""
    file = _file(key, value)
    return with_contents(value) if file is None else file_digest(file)


def _file(key: object, value: object) -> Path | None:
    """The file that an entry names, if it names one that is there."""
    if str(key).rpartition(".")[2] != PATH or not isinstance(value, str):
        return None
    return file if (file := Path(value)).is_file() else None


def file_digest(file: Path) -> str:
    """Digest of a file, read once for each time that it was changed."""
    told = file.stat()
    return _digest_of(file.resolve(), told.st_size, told.st_mtime_ns)


@lru_cache(maxsize=1000)
def _digest_of(file: Path, size_bytes: int, changed: int) -> str:
    """Digest of a file of that size, changed at that time."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
