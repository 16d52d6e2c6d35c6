"""Catalogue names, `base:` entries and kinds of a tree, replaced by what they stand for; places are kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from topologies.catalogue import Catalogue, FromCatalogue
from topologies.discovery import Discovered
from topologies.nodes import BROKEN, Items, Node, Scalar, Table, from_plain, text_at
from topologies.problems import InvalidInput, Mark, Problem, join, listed, meant
from topologies.reading import read_file

BASE = "base"
SOURCES = "sources"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a field expects, as far as names and kinds matter: the class in it, and how that is chosen."""

    annotation: Any
    marks: tuple[Any, ...] = ()

    @classmethod
    def of(cls, annotation: Any, marks: Sequence[Any] = ()) -> "Shape":
        """Shape behind `Annotated` and `| None`."""
        if hasattr(annotation, "__metadata__"):
            return cls.of(annotation.__origin__, (*marks, *annotation.__metadata__))
        inner = [arg for arg in get_args(annotation) if arg is not type(None)]
        if type(None) in get_args(annotation) and len(inner) == 1:
            return cls.of(inner[0], marks)
        return cls(annotation, tuple(marks))

    @classmethod
    def of_field(cls, info: FieldInfo) -> "Shape":
        """Shape of a Spec's field."""
        return cls.of(info.annotation, info.metadata)

    def mark(self, wanted: type) -> Any:
        """Mark of a type, or None."""
        return next((mark for mark in self.marks if isinstance(mark, wanted)), None)

    def spec(self) -> type[BaseModel] | None:
        """The class, when the field holds a Spec."""
        is_spec = isinstance(self.annotation, type) and issubclass(self.annotation, BaseModel)
        return self.annotation if is_spec else None

    def at(self, key: object, holder: type[BaseModel] | None) -> "Shape":
        """Shape of what stands under a key; `holder` is the class of the mapping, if it becomes one."""
        if holder is None:
            return self.inside()
        info = holder.model_fields.get(str(key))
        return Shape.of_field(info) if info is not None else Shape(object)

    def inside(self) -> "Shape":
        """Shape of an item of a list or a value of a mapping."""
        args = [arg for arg in get_args(self.annotation) if arg is not Ellipsis]
        return Shape.of(args[-1]) if args else Shape(object)


def owner(node: Node, shape: Shape) -> type[BaseModel] | None:
    """Class that a mapping should become: the field's own, or the one its `kind` names; None when it is no Spec."""
    base, found = shape.spec(), shape.mark(Discovered)
    if base is None or not isinstance(found, Discovered):
        return base
    return found.classes(base).get(text_at(node, "kind") or "")


@dataclass(slots=True)
class Resolver:
    """Walks a tree beside the shape it should have. Problems are collected, never raised."""

    catalogue: Catalogue
    problems: list[Problem] = field(default_factory=list)

    def resolve(self, node: Node, shape: Shape, path: str = "", within: tuple[Path, ...] = ()) -> Node:
        """The tree with every name, base and kind put in. `within` are the catalogue files now being read."""
        source = shape.mark(FromCatalogue)
        if source is not None:
            node, within = self.named(node, source.group, path, within)
        if isinstance(node, Items):
            inner = shape.inside()
            items = (self.resolve(item, inner, join(path, i), within) for i, item in enumerate(node.items))
            return Items(node.mark, tuple(items))
        return self.table(node, shape, path, within) if isinstance(node, Table) else node

    def table(self, node: Table, shape: Shape, path: str, within: tuple[Path, ...]) -> Node:
        """A mapping, entry by entry."""
        holder = owner(node, shape)
        if holder is None and shape.spec() is not None:
            return node
        for key, entry in node.entries.items():
            resolved = self.resolve(entry.node, shape.at(key, holder), join(path, key), within)
            if resolved is not entry.node:
                node = node.with_entry(key, resolved, entry.mark)
        return node

    def named(self, node: Node, group: str, path: str, within: tuple[Path, ...]) -> tuple[Node, tuple[Path, ...]]:
        """The mapping behind a name, or a mapping laid over the entry that its `base` names."""
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return self.entry(node, group, path, within)
        if not isinstance(node, Table) or BASE not in node.entries:
            return node, within
        base = node.entries[BASE].node
        if not isinstance(base, Scalar) or not isinstance(base.value, str):
            self.problems.append(Problem.at(base.mark, join(path, BASE), f"write the name of one of the {group}"))
            return Scalar(node.mark, BROKEN), within
        below, inner = self.entry(base, group, join(path, BASE), within)
        changes = Table(node.mark, {key: entry for key, entry in node.entries.items() if key != BASE})
        return (laid_over(below, changes) if isinstance(below, Table) else below), inner

    def entry(self, name: Scalar, group: str, path: str, within: tuple[Path, ...]) -> tuple[Node, tuple[Path, ...]]:
        """Read an entry of the catalogue."""
        wanted = str(name.value)
        below = within[-1] if within and within[-1].stem == wanted else None
        file = self.catalogue.find(group, wanted, below)
        if file is None or file in within:
            self.problems.append(Problem.at(name.mark, path, self.unknown(group, wanted, file)))
            return Scalar(name.mark, BROKEN), within
        try:
            reading = read_file(file)
        except InvalidInput as refused:
            self.problems.extend(refused.problems)
            return Scalar(name.mark, BROKEN), within
        self.problems.extend(reading.problems)
        root = reading.root
        if isinstance(root, Table) and "name" not in root.entries:
            root = root.with_entry("name", Scalar(root.mark, file.stem, file.stem))
        return self.named(root, group, path, (*within, file))

    def unknown(self, group: str, wanted: str, file: Path | None) -> str:
        """Why a name cannot be used."""
        if file is not None:
            return f"`{wanted}` builds on itself, by way of {file}"
        known = self.catalogue.names(group)
        return f"no `{wanted}` among the {group}{meant(wanted, known)}; there are: {listed(known)}"


def laid_over(below: Table, above: Table) -> Table:
    """`above` wins, mappings are merged field by field; a changed value loses the source of the old one."""
    result = below
    for key, entry in above.entries.items():
        old = below.entries[key].node if key in below.entries else None
        new = entry.node
        if isinstance(old, Table) and isinstance(new, Table) and not _starts_anew(old, new):
            new = laid_over(old, new)
        result = result.with_entry(key, new, entry.mark)
    return without_old_sources(result, below, above)


def _starts_anew(old: Table, new: Table) -> bool:
    """True when the new mapping stands for itself: it has its own base, or is of another kind."""
    return BASE in new.entries or ("kind" in new.entries and text_at(new, "kind") != text_at(old, "kind"))


def without_old_sources(result: Table, below: Table, above: Table) -> Table:
    """Say of each changed value that it was changed, unless the change brings its own source."""
    if SOURCES not in below.entries or not isinstance(below.entries[SOURCES].node, Table):
        return result
    sources = result.entries[SOURCES].node
    own = above.entries[SOURCES].node if SOURCES in above.entries else None
    given = own.entries if isinstance(own, Table) else {}
    if not isinstance(sources, Table):
        return result
    for path, mark in _leaves(above):
        stale = [key for key in sources.entries if key == path or path.startswith(f"{key}.")]
        if stale and not any(key in given for key in (path, *stale)):
            said = {"basis": "assumed", "source": f"set in {Path(mark.file).name} over the catalogue's value"}
            sources = sources.with_entry(path, from_plain(said, mark))
    return result.with_entry(SOURCES, sources)


def _leaves(node: Table, path: str = "") -> Iterator[tuple[str, Mark]]:
    """Dotted paths of the values of a mapping, sources left out."""
    for key, entry in node.entries.items():
        here = join(path, key)
        if here in (SOURCES, "name", "title", "notes"):
            continue
        if isinstance(entry.node, Table):
            yield from _leaves(entry.node, here)
        else:
            yield here, entry.mark
