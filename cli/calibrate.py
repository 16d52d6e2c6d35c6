"""`clustercast calibrate`: a user's own measurements become an entry of the user's catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.columns import aligned

if TYPE_CHECKING:
    from simulator.calibrate import Calibrated, Entry, Outcome

HEAD = ("kind", "measurements", "median error", "9 of 10 within", "parameters")
UNITS = {"_bytes_per_s": "bytes/s", "_s": "s"}


def calibrate(
    file: Annotated[Path, typer.Argument(help="CSV of measurements; the README names its columns.")],
    name: Annotated[str, typer.Option(help="Name of the new entry, as scenarios will say it.")],
    gpu: Annotated[str, typer.Option(help="GPU of the catalogue that was measured.")],
    nic: Annotated[str, typer.Option(help="NIC of the catalogue that was measured.")] = "connectx-7",
    out: Annotated[Path | None, typer.Option(help="Catalogue folder; your own if left out.", file_okay=False)] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite entries of this name.")] = False,
) -> None:
    """Fit measured kernels and links; write the result as an entry that scenarios can name."""
    from simulator.calibrate import Names, calibrated, require_name
    from topologies.catalogue import user_folder
    from topologies.problems import InvalidInput

    try:
        require_name(name)
    except InvalidInput as refused:
        raise typer.BadParameter(refused.problems[0].message) from None
    outcome = calibrated(file, Names(name, gpu, nic), out)
    files = write(outcome.entries, out if out is not None else user_folder(), replace)
    print(text(outcome, files))


def write(entries: Sequence[Entry], folder: Path, replace: bool) -> list[Path]:
    """Write every entry, or none if one is there already and may not be replaced (usage error)."""
    from simulator.calibrate import files_of, write_entries

    there = [str(file) for file in files_of(entries, folder) if file.exists()]
    if there and not replace:
        raise typer.BadParameter(f"{', '.join(there)} exists; choose another --name, or add --replace")
    return write_entries(entries, folder, replace)


def text(outcome: Outcome, files: Sequence[Path]) -> str:
    """One line a family with its residuals, then the files."""
    table = aligned([cells(found) for found in outcome.fits], HEAD)
    return "\n".join([table, "", *(f"wrote {file}" for file in files)])


def cells(found: Calibrated) -> list[str]:
    """One line of the table."""
    from topologies.units import pretty

    said = []
    for name, value in found.parameters.items():
        unit = next((unit for suffix, unit in UNITS.items() if name.endswith(suffix)), None)
        said.append(f"{name} {pretty(value, unit) if unit else f'{value:.4g}'}")
    errors = found.residuals
    return [found.name, str(found.rows), f"{errors.median:.1%}", f"{errors.p90:.1%}", ", ".join(said)]
