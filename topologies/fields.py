"""Field types that are no quantities: a mapping that stays as it is."""

from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator

V = TypeVar("V")


class FrozenDict(dict[str, V]):
    """A dict that cannot be changed, so that a frozen Spec is frozen all through; it can be hashed and pickled."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        """Every method that would change the mapping."""
        raise TypeError("this mapping cannot be changed; make another value with `with_changes`")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        """Hash of the pairs, whatever their order."""
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type["FrozenDict[V]"], tuple[dict[str, V]]]:
        """Pickle as the plain dict it is made from."""
        return (type(self), (dict(self),))


Named = Annotated[dict[str, V], AfterValidator(FrozenDict)]
