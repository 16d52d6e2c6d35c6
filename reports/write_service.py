"""The folder of a service: page, result.json, tables, and the service whole."""

from __future__ import annotations

from pathlib import Path

from reports import service_page
from reports.write import put
from reports.write_answered import contents
from simulator.serving.result import ServiceResult


def write_service(result: ServiceResult, folder: Path) -> tuple[Path, ...]:
    """Write report.html, result.json, service.yaml and tables/*.csv; return their paths, the report first.

    As for the report of a step, everything is made before the first file is written. Raises OSError.
    """
    return put(contents(result, service_page.page(result)), folder)
