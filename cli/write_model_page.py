"""A model's counts and rooflines as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli.write_page import written

if TYPE_CHECKING:
    from topologies.catalogue import Catalogue


def model_page(known: Catalogue, name: str, gpu: str, file: Path) -> str:
    """Write the page; return what to tell. Raises InvalidInput, or typer's usage error for an unusable file."""
    from reports.catalogue_rows import read
    from reports.model_page import page
    from simulator.roofline import of_model
    from topologies.hardware import Gpu
    from workloads.model import ModelSpec

    model, chosen = read(known, "models", name), read(known, "gpus", gpu)
    if not isinstance(model, ModelSpec) or not isinstance(chosen, Gpu):
        raise typer.BadParameter(f"{name} on {gpu} is no model on a GPU")
    return written(file, page(model, chosen, of_model(model, chosen)))
