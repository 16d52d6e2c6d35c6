"""Where named hardware, models and prices are looked up, and which folder answered."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from topologies.problems import InvalidInput, Mark, Problem

BUILT_IN = "built-in"
SUFFIX = ".yaml"
ENVIRONMENT = "CLUSTERCAST_CATALOG"
GROUP_KEY = "x-group"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that holds `<group>/<name>.yaml`, and what to call it."""

    folder: Path
    label: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an entry comes from, and the entries of the same name that it hides."""

    path: Path
    label: str
    hides: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Folders in the order in which they are asked; the first that has an entry wins."""

    roots: tuple[Root, ...] = ()

    def places(self, group: str, name: str) -> tuple[tuple[Path, str], ...]:
        """Every file that carries the name, best first, with the label of its folder.

        An entry may have generations, each a file NAME-YYYY-MM-DD: NAME alone means the newest of them, and
        NAME@YYYY-MM-DD the newest that was there on that day, or the first if there was none yet.
        """
        own, at, day = name.partition("@")
        if not _NAME.fullmatch(own) or (at and not _DAY.fullmatch(day)):
            return ()
        if at or not self._files(group, own):
            own = self._generation(group, own, day) or own
        return self._files(group, own)

    def _generation(self, group: str, name: str, day: str) -> str | None:
        """Name of the generation of a day, the newest without one; None for an entry without generations."""
        days = [found.removeprefix(f"{name}-") for found in self.names(group) if found.startswith(f"{name}-")]
        dated = [found for found in days if _DAY.fullmatch(found)]
        there = [found for found in dated if not day or found <= day] or dated[:1]
        return f"{name}-{there[-1]}" if there else None

    def _files(self, group: str, name: str) -> tuple[tuple[Path, str], ...]:
        """Files of exactly this name, best first."""
        candidates = ((root.folder / group / (name + SUFFIX), root.label) for root in self.roots)
        return tuple((path, label) for path, label in candidates if path.is_file())

    def find(self, group: str, name: str, below: Path | None = None) -> Path | None:
        """File of an entry. With `below`, the entry that this file hides (so that it can build on its namesake)."""
        paths = [path for path, _ in self.places(group, name)]
        if below in paths:
            paths = paths[paths.index(below) + 1 :]
        return paths[0] if paths else None

    def names(self, group: str) -> tuple[str, ...]:
        """Names of a group, sorted."""
        files = (path for root in self.roots for path in (root.folder / group).glob("*" + SUFFIX))
        return tuple(sorted({path.stem for path in files}))

    def groups(self) -> tuple[str, ...]:
        """Groups that have at least one entry, sorted."""
        folders = {path.parent.name for root in self.roots for path in root.folder.glob("*/*" + SUFFIX)}
        return tuple(sorted(folders))

    def origin(self, group: str, name: str) -> Origin | None:
        """Where the entry comes from and what it hides; None when nobody has it."""
        places = self.places(group, name)
        if not places:
            return None
        (path, label), *hidden = places
        return Origin(path, label, tuple(other for other, _ in hidden))


def built_in() -> tuple[Root, ...]:
    """The folder that this package ships."""
    return (Root(Path(__file__).parent / "catalog", BUILT_IN),)


def user_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The user's own catalogue: $CLUSTERCAST_CATALOG (/dev/null for none), else the platform's folder for settings."""
    environ = os.environ if environ is None else environ
    if environ.get(ENVIRONMENT):
        return Path(environ[ENVIRONMENT])
    if os.name == "nt" and environ.get("APPDATA"):
        settings = Path(environ["APPDATA"])
    else:
        settings = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~")) / ".config")
    return settings / "clustercast" / "catalog"


def open_catalogue(
    beside: Path | None = None,
    given: Sequence[Path] = (),
    shipped: Sequence[Root] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Catalogue:
    """All folders in order: given by the user, beside the scenario, the user's own, then what is shipped.

    beside   the scenario's file; its folder's `catalog/` is asked
    shipped  built-in roots; those of this package when left out

    Raises InvalidInput when a folder that the user names is not there.
    """
    environ = os.environ if environ is None else environ
    named = [(folder, "--catalog") for folder in given]
    own = environ.get(ENVIRONMENT)
    named += [(Path(own), ENVIRONMENT)] if own and own != os.devnull else []
    missing = [
        Problem.at(Mark(str(folder)), "", f"{by}: no such folder") for folder, by in named if not folder.is_dir()
    ]
    if missing:
        raise InvalidInput(missing)
    roots = [Root(folder, f"--catalog {folder}") for folder in given]
    if beside is not None:
        roots.append(Root(beside.parent / "catalog", "beside the scenario"))
    roots.append(Root(user_folder(environ), "your own catalogue"))
    return Catalogue((*roots, *(built_in() if shipped is None else shipped)))


@dataclass(frozen=True, slots=True)
class FromCatalogue:
    """Marks a Spec field that may be a name of the catalogue, a whole mapping, or `base: name` with changes."""

    group: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Names are resolved before validation; a name that arrives here had no catalogue to be looked up in."""
        return core_schema.no_info_before_validator_function(self._no_name, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The group and the whole mapping; `schema.json_schema` makes of it what a user may write."""
        return {GROUP_KEY: self.group, "whole": handler(schema)}

    def _no_name(self, value: object) -> object:
        """Refuse a bare name, pass everything else on."""
        if isinstance(value, str):
            why = f"read `{value}`; there is no catalogue here to look it up in: load it from YAML, or give the value"
            raise PydanticCustomError("catalogue", "{why}", {"why": why})
        return value
