"""The headline figures: large on the first screen, and all of them with definitions in a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reports import words
from reports.document import Cell, Column, Table, Tile
from simulator.result import Figure, Result

Note = Callable[[Result], str]


def tiles(result: Result) -> tuple[Tile, ...]:
    """Tiles of the figures that the result has, most asked first."""
    return tuple(
        _tile(name, label, result.headline[name], note(result))
        for name, (label, note) in SHOWN.items()
        if name in result.headline
    )


def definitions(headline: Mapping[str, Figure]) -> Table:
    """Every headline figure with unit, interval, definition and the name it has in result.json."""
    known = any(figure.low is not None for figure in headline.values())
    rows = tuple(
        (
            Cell(name, anchor=anchor(name), code=True),
            Cell(str(words.quantity(figure.value, figure.unit))),
            *([Cell(words.interval(figure.low, figure.high, figure.unit))] if known else []),
            Cell(figure.definition),
        )
        for name, figure in headline.items()
    )
    head = (Column("Name in result.json"), Column("Value", numeric=True))
    columns = (*head, *([Column("Interval")] if known else []), Column("What it counts"))
    return Table("headline", "Headline figures and what they count", columns, rows, "tables/headline.csv")


def anchor(name: str) -> str:
    """Id of the row that defines a figure."""
    return f"figure-{name}"


def _tile(name: str, label: str, figure: Figure, note: str) -> Tile:
    """One tile; a known interval stands in the note's place."""
    quantity = words.quantity(figure.value, figure.unit)
    said = words.interval(figure.low, figure.high, figure.unit) or note
    exact = f"{words.exact(figure.value, figure.unit)}. {figure.definition}"
    return Tile(label, quantity.number, quantity.unit, said, exact, anchor(name))


def _of(part: str, whole: float, result: Result) -> str:
    """A figure as a share, in percent."""
    return f"{100 * result.headline[part].value / whole:.1f} %" if whole else "–"


def _bubble(result: Result) -> str:
    return f"{_of('step_bubble_s', result.headline['step_s'].value, result)} of the step, mean over ranks"


def _memory(result: Result) -> str:
    usable = words.quantity(result.memory_usable_bytes, "bytes")
    return f"{_of('memory_bytes_per_gpu_max', result.memory_usable_bytes, result)} of {usable} usable"


def _mfu(result: Result) -> str:
    full = result.headline.get("mfu_ratio_full")
    return "causal attention" + (f"; {words.quantity(full.value, full.unit)} with full" if full else "")


def _flop(result: Result) -> str:
    figure = result.headline.get("model_flop_per_s_per_gpu_causal")
    return f"{words.quantity(figure.value, figure.unit)} per GPU" if figure else ""


def _per_gpu_hour(result: Result) -> str:
    hours = result.headline.get("gpu_hours")
    price = result.headline["cost_usd"].value / hours.value if hours and hours.value else 0.0
    return f"at {price:.4g} USD per GPU-hour" if price else ""


SHOWN: Mapping[str, tuple[str, Note]] = {
    "step_s": ("Step time", lambda _: "one update of the weights"),
    "gpu_hours_per_trillion_tokens": ("GPU time per trillion tokens", lambda _: "all GPUs of the cluster counted"),
    "gpu_hours": ("GPU time of the whole run", lambda _: "all tokens of the run"),
    "cost_usd": ("Cost of the whole run", _per_gpu_hour),
    "step_bubble_s": ("Bubble", _bubble),
    "mfu_ratio_causal": ("MFU", _mfu),
    "memory_bytes_per_gpu_max": ("Memory of the fullest GPU", _memory),
    "tokens_per_day": ("Training speed", _flop),
}
