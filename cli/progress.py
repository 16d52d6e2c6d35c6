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


@contextmanager
def counted(quiet: bool, what: str) -> Iterator[Callable[[int, int, float | None], None]]:
    """Yield a function that shows how many are done, of how many, and the seconds left; on a terminal only."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, whole, left_s: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn(what), BarColumn(), TextColumn("{task.completed:,} of {task.total:,}{task.fields[left]}"))
    with Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task(what, total=1, left="")

        def show(done: int, whole: int, left_s: float | None) -> None:
            left = "" if left_s is None else f", {duration(left_s)} left"
            shown.update(task, completed=done, total=whole, left=left)

        yield show


def duration(seconds: float) -> str:
    """`48 s`, `12 min`, `3 h 20 min`: as close as anybody knows."""
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


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
