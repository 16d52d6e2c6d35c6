"""What is asked of a sweep: its file with changes put in, and which engine works it out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.sweep.preflight import admit
from simulator.sweep.question import Question
from workloads.scenario import catalogue
from workloads.sweep import Sweep, changed_sweep, load_sweep, names_of

if TYPE_CHECKING:
    from simulator.sweep.run import Opened


def question_of(swept: Sweep | Path, changes: Mapping[str, object], folders: tuple[Path, ...] = ()) -> Question:
    """A sweep, or that of a file, small enough to be worked out; folders   more of a catalogue.

    Raises InvalidInput for a sweep that is not valid, TooLarge for too many points.
    """
    if isinstance(swept, Sweep):
        names = catalogue(None, folders)
        loaded = changed_sweep(swept, changes, names) if changes else swept
    else:
        names, loaded = names_of(swept, folders), load_sweep(swept, folders, changes)
    admit(loaded)
    return Question(loaded, names)


def engine_at(scheduler: str | None, workers: int | None) -> Opened:
    """A Dask cluster by the address of its scheduler; without one processes on this machine, as many as cores."""
    if scheduler is not None:
        from simulator.sweep.cluster import cluster

        return lambda question: cluster(scheduler, question)
    from simulator.sweep.processes import cores, processes

    return lambda question: processes(workers or cores(), question)
