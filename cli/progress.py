"""One line on stderr that says what is being done, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def saying(quiet: bool) -> Iterator[Callable[[str], None]]:
    """Yield a function that shows what is being done; it does nothing where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as status:
        yield lambda text: status.update(f"{text} ...")
