"""Dotted-path changes of a tree: what a what-if does to a Spec."""

from collections.abc import Mapping

from pydantic import BaseModel

from topologies.catalogue import FromCatalogue
from topologies.discovery import Discovered
from topologies.nodes import Entry, Items, Node, Scalar, Table, from_plain
from topologies.problems import InvalidInput, Mark, Problem, join, listed, meant
from topologies.resolving import Resolver, Shape, laid_over, owner
from topologies.units import AS_TEXT

CHANGES = Mark("changes")
PLAIN = (str, int, float, bool)
"""Types of fields whose text stands for itself."""


def changed(root: Node, changes: Mapping[str, object], shape: Shape, resolver: Resolver) -> Node:
    """The tree with every path set, one after the other.

    Names are looked up at once, so a later path may lead into an earlier change. Paths that lead nowhere become
    problems of the resolver.
    """
    for path, value in changes.items():
        try:
            steps = tuple(path.split("."))
            is_plain = _is_plain(value, _shape_at(root, steps, shape))
            root = _set(root, steps, _node(value), shape, "")
            root = root if is_plain else resolver.resolve(root, shape)
        except InvalidInput as refused:
            resolver.problems.extend(refused.problems)
    return root


def _is_plain(value: object, shape: Shape) -> bool:
    """Whether a value stands for itself: no name, kind or base to look up, there or in what it holds."""
    if value is None or isinstance(value, bool | int | float):
        return True
    if isinstance(value, list | tuple):
        return all(_is_plain(item, shape.inside()) for item in value)
    return isinstance(value, str) and shape.annotation in PLAIN and shape.mark(FromCatalogue) is None


def _shape_at(node: Node, path: tuple[str, ...], shape: Shape) -> Shape:
    """What the field at a path expects; nothing in particular where the path leads out of the tree."""
    *above, last = path
    for head in above:
        inner = _child(node, head)
        if inner is None:
            return Shape(object)
        node, shape = inner, _below(node, head, shape)
    return _below(node, last, shape)


def _child(node: Node, head: str) -> Node | None:
    """What a mapping or a list has there."""
    if isinstance(node, Items):
        return node.items[int(head)] if head.isdigit() and int(head) < len(node.items) else None
    return node.entries[head].node if isinstance(node, Table) and head in node.entries else None


def _below(node: Node, head: str, shape: Shape) -> Shape:
    """What a field of a node expects."""
    return shape.inside() if isinstance(node, Items) else shape.at(head, owner(node, shape))


def _node(value: object) -> Node:
    """A change's value as a tree."""
    data = value.model_dump(mode="python", context=AS_TEXT) if isinstance(value, BaseModel) else value
    return from_plain(data, CHANGES)


def _mapping(path: tuple[str, ...], value: Node) -> Node:
    """A mapping that says nothing but this value, for a part that was left out; the resolver puts in its defaults."""
    for key in reversed(path):
        value = Table(CHANGES, {key: Entry(CHANGES, value)})
    return value


def _set(node: Node, path: tuple[str, ...], value: Node, shape: Shape, done: str) -> Node:
    """The node with the value put in at the rest of the path."""
    head, rest = path[0], path[1:]
    here = join(done, head)
    if isinstance(node, Items):
        return _set_item(node, path, value, shape, done)
    if _is_null(node):
        return _mapping(path, value)
    if not isinstance(node, Table):
        raise _nowhere(value, here, f"`{done}` has no fields")
    if rest:
        if head not in node.entries:
            known = [str(key) for key in node.entries]
            raise _nowhere(value, here, f"unknown field `{head}`{meant(head, known)}; known are: {listed(known)}")
        inner = _set(node.entries[head].node, rest, value, shape.at(head, owner(node, shape)), here)
        changed_part = Table(value.mark, {head: node.with_entry(head, inner).entries[head]})
        return _over(node, changed_part)
    if head == "kind" and shape.mark(Discovered) is not None:
        return _of_kind(node, value, shape)
    return _over(node, Table(value.mark, {}).with_entry(head, value))


def _over(node: Table, part: Table) -> Table:
    """Replace entries, and drop the sources of the values replaced."""
    (key, entry), *_ = part.entries.items()
    result = laid_over(node, Table(part.mark, {key: entry}))
    return result.with_entry(key, entry.node, entry.mark)


def _set_item(node: Items, path: tuple[str, ...], value: Node, shape: Shape, done: str) -> Items:
    """A list with one item changed."""
    head, rest = path[0], path[1:]
    here = join(done, head)
    if not head.isdigit() or int(head) >= len(node.items):
        raise _nowhere(value, here, f"`{head}` is no place in a list of {len(node.items)}; places count from 0")
    at = int(head)
    item = _set(node.items[at], rest, value, shape.inside(), here) if rest else value
    return Items(node.mark, (*node.items[:at], item, *node.items[at + 1 :]))


def _of_kind(node: Table, value: Node, shape: Shape) -> Table:
    """The mapping as another kind: only what that kind knows is kept."""
    base, found = shape.spec(), shape.mark(Discovered)
    wanted = str(value.value) if isinstance(value, Scalar) else ""
    spec = found.classes(base).get(wanted) if base is not None else None
    fields = spec.model_fields if spec is not None else node.entries
    kept = {key: entry for key, entry in node.entries.items() if key in fields}
    return Table(node.mark, kept).with_entry("kind", value)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _nowhere(value: Node, here: str, message: str) -> InvalidInput:
    return InvalidInput([Problem.at(value.mark, here, message)])
