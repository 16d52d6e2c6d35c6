"""The folder of a comparison: page, comparison.json, tables, and every scenario whole."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reports import compare, conditions_section
from reports.json_result import headline, records
from reports.write import csv, put
from simulator.comparing.comparison import SCHEMA, Comparison


def write_comparison(comparison: Comparison, folder: Path) -> tuple[Path, ...]:
    """Write compare.html, comparison.json, tables/*.csv and scenarios/*.yaml; return their paths, the page first.

    As for the report of a run, everything is made before the first file is written. Raises OSError.
    """
    return put(contents(comparison), folder)


def contents(comparison: Comparison) -> dict[str, str]:
    """File name in the folder -> its text."""
    scenarios = {
        f"scenarios/{place:02d}.yaml": one.result.reproduction.scenario_yaml
        for place, one in enumerate(comparison.compared)
    }
    whole = json.dumps(document(comparison), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    tables = {f"tables/{name}.csv": csv(frame) for name, frame in comparison.tables.items()}
    return {"compare.html": compare.page(comparison), "comparison.json": whole} | tables | scenarios


def document(comparison: Comparison) -> dict[str, Any]:
    """The content as plain values; the first scenario is the base."""
    return {
        "schema": SCHEMA,
        "answer": list(compare.answer(comparison)),
        "warnings": list(compare.warnings(comparison)),
        "conditions": conditions_section.as_data(comparison.tables),
        "scenarios": [
            {
                "label": one.label,
                "digest": one.result.reproduction.digest,
                "headline": headline(one.result),
                "network": {
                    "prices": one.network.prices,
                    "why_not_priced": one.network.why,
                    "vertices_by_layer": list(one.layers.vertices),
                    "planes": one.layers.planes,
                    "joints": [asdict(joint) for joint in one.layers.joints],
                },
            }
            for one in comparison.compared
        ],
        "refused": [{"label": label, "why": why} for label, why in comparison.refused.items()],
        "tables": {name: records(frame) for name, frame in comparison.tables.items()},
        "reproduction": {
            "command": comparison.command,
            "versions": dict(comparison.base.result.reproduction.versions),
        },
    }
