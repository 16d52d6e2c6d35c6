"""A model's counts and rooflines as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from topologies.catalogue import Catalogue


def written(known: Catalogue, name: str, gpu: str, file: Path) -> str:
    """Write the page; return what to tell. Raises InvalidInput, or typer's usage error for an unusable file."""
    from cli.entries import read
    from reports.model_page import page
    from reports.write import replace
    from simulator.roofline import of_model
    from topologies.hardware import Gpu
    from workloads.model import ModelSpec

    model, chosen = read(known, "models", name), read(known, "gpus", gpu)
    if not isinstance(model, ModelSpec) or not isinstance(chosen, Gpu):
        raise typer.BadParameter(f"{name} on {gpu} is no model on a GPU")
    text = page(model, chosen, of_model(model, chosen))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace(file, text)
    except OSError as error:
        raise typer.BadParameter(f"--html {file} cannot be written: {error.strerror}") from None
    return f"Page: {file}"
