"""One line on stderr that says what is being done, on a terminal only."""

from __future__ import annotations

import sys
import time
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


def counting(say: Callable[[str], None]) -> Callable[[str, int, int], None]:
    """A function that says what is being done, how much of it is done, and how long the rest will take.

    The time left is that of what is done, in proportion; none is told before any is done.
    """
    began: dict[str, float] = {}

    def tell(what: str, done: int, whole: int) -> None:
        since_s = time.monotonic() - began.setdefault(what, time.monotonic())
        left = f", {since_s / done * (whole - done):.0f} s left" if done else ""
        say(f"{what}: {done:,} of {whole:,}{left}")

    return tell
