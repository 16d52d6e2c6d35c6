"""The folder of any answer but a single step's: page, result.json, tables, and the YAML file whole."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pandas as pd

from reports.json_result import figure_data, records
from reports.write import csv
from simulator.result import Answered


def contents(result: Answered, page: str) -> dict[str, str]:
    """File name in the folder -> its text, the report first. page   the report's HTML

    The YAML file has the name of what was asked: run.yaml, service.yaml.
    """
    whole = document(result)
    headline = pd.DataFrame([{"name": name, **figure} for name, figure in whole["headline"].items()])
    assumptions = pd.DataFrame(whole["assumptions"])
    tables = {"headline": headline, **result.tables, "assumptions": assumptions}
    return {
        "report.html": page,
        "result.json": json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        f"{result.kind}.yaml": result.reproduction.scenario_yaml,
    } | {f"tables/{name}.csv": csv(frame) for name, frame in tables.items()}


def document(result: Answered) -> dict[str, Any]:
    """The content as plain values; tables are lists of records."""
    again = result.reproduction
    return {
        "schema": result.schema,
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
            f"{result.kind}_yaml": again.scenario_yaml,
        },
    }
