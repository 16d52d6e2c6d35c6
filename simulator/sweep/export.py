"""Rows of a store as a file: CSV or Parquet, the same bytes for the same rows."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from topologies.problems import InvalidInput, Problem

EXTRA = "clustercast[parquet]"
PARQUET, CSV = ".parquet", ".csv"


def export(rows: pd.DataFrame, path: Path) -> None:
    """Write rows to a file whose name says the form; it appears under its name when it is whole.

    Raises InvalidInput for another ending, or for Parquet without pyarrow, or where it cannot be written.
    """
    if path.suffix not in (PARQUET, CSV):
        raise _invalid(path, f"read a name that ends in `{path.suffix}`; write {CSV} or {PARQUET}")
    if path.suffix == PARQUET and find_spec("pyarrow") is None:
        raise _invalid(path, f"Parquet needs pyarrow: install {EXTRA}, or write {CSV}")
    if not path.parent.is_dir():
        raise _invalid(path, f"there is no folder {path.parent}")
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.suffix == CSV:
            rows.to_csv(beside, index=False, lineterminator="\n")
        else:
            one_type(rows).to_parquet(beside, index=False)
        os.replace(beside, path)
    except OSError as error:
        raise _invalid(path, f"cannot be written: {error.strerror or error}") from None
    finally:
        beside.unlink(missing_ok=True)


def one_type(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with every column of one type, as Parquet has it: one of numbers and text becomes text."""
    mixed = [name for name in rows.columns if rows[name].dtype == object]
    texts = {
        name: rows[name].map(lambda value: None if value is None or value != value else str(value)) for name in mixed
    }
    return rows.assign(**texts)


def _invalid(path: Path, why: str) -> InvalidInput:
    """A file that cannot be written."""
    return InvalidInput([Problem(str(path), 0, 0, "", why)])
