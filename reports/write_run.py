"""The folder of a whole run: page, result.json, tables, and the run whole."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from reports import run_page
from reports.json_result import figure_data, records
from reports.write import csv, put
from simulator.long_run.result import SCHEMA, RunResult


def write_run(result: RunResult, folder: Path) -> tuple[Path, ...]:
    """Write report.html, result.json, run.yaml and tables/*.csv; return their paths, the report first.

    As for the report of a step, everything is made before the first file is written. Raises OSError.
    """
    return put(contents(result), folder)


def contents(result: RunResult) -> dict[str, str]:
    """File name in the folder -> its text."""
    whole = document(result)
    headline = pd.DataFrame([{"name": name, **figure} for name, figure in whole["headline"].items()])
    assumptions = pd.DataFrame(whole["assumptions"])
    tables = {"headline": headline, **result.tables, "assumptions": assumptions}
    return {
        "report.html": run_page.page(result),
        "result.json": json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        "run.yaml": result.reproduction.scenario_yaml,
    } | {f"tables/{name}.csv": csv(frame) for name, frame in tables.items()}


def document(result: RunResult) -> dict[str, Any]:
    """The content as plain values; tables are lists of records."""
    again = result.reproduction
    return {
        "schema": SCHEMA,
        "name": result.name,
        "title": result.title,
        "headline": {name: figure_data(figure) for name, figure in result.headline.items()},
        "answer": list(result.answer),
        "warnings": list(result.warnings),
        "tables": {name: records(frame) for name, frame in result.tables.items()},
        "assumptions": [asdict(assumption) for assumption in result.assumptions],
        "reproduction": {
            "command": again.command,
            "seed": again.seed,
            "digest": again.digest,
            "versions": dict(again.versions),
            "run_yaml": again.scenario_yaml,
        },
    }
