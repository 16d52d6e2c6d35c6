"""A store of points in SQLite: each is kept for good once it is acknowledged, and found again by what was simulated."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from simulator.sweep.jobs import Outcome
from topologies.problems import InvalidInput, Problem

FORMAT = 1
"""Number of the tables' shape; a store of another is refused."""
STORE = "sweep.sqlite"
"""Name of a store in the folder of its result."""
PATIENCE_S = 60.0
"""How long one sweep waits for another that is writing to the same store."""
AT_ONCE = 500
TABLES = (
    "CREATE TABLE IF NOT EXISTS points (key TEXT NOT NULL, detail TEXT NOT NULL, version TEXT NOT NULL, "
    "status TEXT NOT NULL, why TEXT NOT NULL, figures TEXT NOT NULL, PRIMARY KEY (key, detail, version))",
    "CREATE TABLE IF NOT EXISTS sweeps (id TEXT PRIMARY KEY, name TEXT NOT NULL, title TEXT NOT NULL, "
    "detail TEXT NOT NULL, version TEXT NOT NULL, size INTEGER NOT NULL, yaml TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS asked (sweep TEXT NOT NULL, number INTEGER NOT NULL, label TEXT NOT NULL, "
    "changed TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (sweep, number)) WITHOUT ROWID",
)


class Asked(NamedTuple):
    """That a sweep asks for a point. changed   JSON of path -> value;  key   under which the point is kept"""

    number: int
    label: str
    changed: str
    key: str


class Heading(NamedTuple):
    """A sweep as the store knows it. id   digest of all that decides what its points are"""

    id: str
    name: str
    title: str
    detail: str
    version: str
    size: int
    yaml: str


class Store:
    """An open store. Several may be open on one file, in any process of the machine; none waits for a reader."""

    def __init__(self, connection: sqlite3.Connection, heading: Heading) -> None:
        self._db = connection
        self._heading = heading
        self._seen = self._data_version()
        self._others = bool(self._db.execute("SELECT EXISTS (SELECT 1 FROM points)").fetchone()[0])

    def done(self) -> set[int]:
        """Numbers of the sweep's points that are there."""
        rows = self._db.execute("SELECT number FROM asked WHERE sweep = ?", (self._heading.id,))
        return {number for (number,) in rows}

    def may_know(self) -> bool:
        """Whether there may be points here that this sweep did not put in: from before, or of one that runs now."""
        self._others = self._others or self._data_version() != self._seen
        return self._others

    def known(self, keys: Iterable[str]) -> set[str]:
        """Which of the keys there are points of, at the sweep's detail and version."""
        wanted, found = [key for key in dict.fromkeys(keys) if key], set()
        for at in range(0, len(wanted), AT_ONCE):
            part = wanted[at : at + AT_ONCE]
            marks = ", ".join("?" * len(part))
            query = f"SELECT key FROM points WHERE detail = ? AND version = ? AND key IN ({marks})"
            found |= {key for (key,) in self._db.execute(query, (self._heading.detail, self._heading.version, *part))}
        return found

    def put(self, outcomes: Sequence[Outcome], asked: Sequence[Asked]) -> None:
        """Keep points and which were asked for, all or none; they are on the disk when this returns.

        A point that is there already stays as it is: it was worked out from the same by the same program. One that is
        not valid is replaced: names that it gives may have changed their meaning.
        """
        heading = self._heading
        rows = [(one.key, heading.detail, heading.version, one.status, one.why, one.figures) for one in outcomes]
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT INTO points VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "status = excluded.status, why = excluded.why WHERE status = 'invalid' AND excluded.status = 'invalid'",
                rows,
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO asked VALUES (?, ?, ?, ?, ?)", [(heading.id, *one) for one in asked]
            )

    def _data_version(self) -> int:
        """A number that changes when another connection writes."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])


@contextmanager
def open_store(path: Path, heading: Heading) -> Iterator[Store]:
    """Open a store for a sweep, made where there is none. Raises InvalidInput for a file that is no store."""
    with closing(_connected(path)) as connection:
        check(connection, path)
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in TABLES:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.execute("INSERT OR REPLACE INTO sweeps VALUES (?, ?, ?, ?, ?, ?, ?)", heading)
        yield Store(connection, heading)


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A store to read, also while sweeps write to it. Raises InvalidInput where there is none."""
    path = path / STORE if path.is_dir() else path
    if not path.is_file():
        raise _invalid(path, "no such store")
    with closing(_connected(path)) as connection:
        check(connection, path)
        if not connection.execute("PRAGMA user_version").fetchone()[0]:
            raise _invalid(path, "this file is no store of sweeps")
        connection.execute("PRAGMA query_only = ON")
        yield connection


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise InvalidInput for a file that is something else, or a store of another format."""
    try:
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        others = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "unable to open" not in str(error):
            raise
        raise _invalid(path, f"this file is no store of sweeps: {error}") from None
    if found not in (0, FORMAT) or (found == 0 and others):
        raise _invalid(path, f"this store is of another format ({found}, not {FORMAT}); name another file")


def _connected(path: Path) -> sqlite3.Connection:
    """A connection. Raises InvalidInput where no file can be there."""
    if path.is_dir():
        raise _invalid(path, "this is a folder; name a file for the store")
    try:
        return sqlite3.connect(path, timeout=PATIENCE_S)
    except sqlite3.OperationalError as error:
        raise _invalid(path, f"the store cannot be opened: {error}") from None


def _invalid(path: Path, why: str) -> InvalidInput:
    """A file that cannot be used."""
    return InvalidInput([Problem(str(path), 0, 0, "", why)])
