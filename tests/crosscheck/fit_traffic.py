"""Fits traffic to recorded traces and writes the entries of the catalogue to a folder.

Run it as `python -m tests.crosscheck.fit_traffic FOLDER`.
Lengths and gaps are quantiles of the trace; two numbers that say how gaps hang together are fitted to the dispersion of
counts in windows of 1, 10 and 60 s, on 60 drawn hours with the same random numbers for every try.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from tests.crosscheck.traffic_traces import FILES, dispersions, trace
from workloads.requests import Floats
from workloads.traffic_fit import TrafficFit

TAIL = (0.995, 0.998, 0.999, 0.9995, 1.0)
FINE = (0.0, 0.005, 0.01, *(round(0.02 * at, 2) for at in range(1, 50)), 0.99, *TAIL)
COARSE = (0.0, 0.01, 0.02, *(round(0.05 * at, 2) for at in range(1, 20)), 0.97, 0.98, 0.99, *TAIL)
CLASSES = 10
HOURS = 60
DIGITS = 4
STARTS = ((0.03, 1000.0), (0.1, 100.0), (0.1, 20.0))
SOURCE = (
    "fitted to the hour of Azure's LLM inference trace 2023, {kind} (CC-BY, arXiv 2311.18677), as in microsoft/vidur"
)
NOTES = """One hour of one service in November 2023; slow changes of the rate are known from that hour only. Tables are
quantiles of the trace. gap_persistence and persistent_requests are fitted by tests/crosscheck/fit_traffic.py to the
dispersion of counts in windows of 1, 10 and 60 s. That lengths of neighbouring requests hang together a little (rank
correlation 0.1 of answers in conv) is not kept."""


def table(values: Floats) -> tuple[float, ...]:
    """Numbers as they are written."""
    return tuple(float(f"{value:.{DIGITS}g}") for value in values)


def fit(name: str) -> TrafficFit:
    """Fit one trace."""
    requests = trace(name)
    gaps_s = np.diff(requests.arrival_s)
    classes = np.array_split(np.argsort(requests.input_tokens, kind="stable"), CLASSES)
    kind = name.split("-")[1]
    source = {"basis": "derived", "source": SOURCE.format(kind=kind)}
    tables = {
        "input_shares": FINE,
        "input_tokens": table(np.quantile(requests.input_tokens, FINE)),
        "output_shares": COARSE,
        "output_tokens": tuple(table(np.quantile(requests.output_tokens[members], COARSE)) for members in classes),
        "gap_shares": COARSE,
        "gap_ratios": table(np.quantile(gaps_s / gaps_s.mean(), COARSE)),
    }
    own = ("rate_per_s", *tables, "gap_persistence", "persistent_requests")
    start = TrafficFit.model_validate(
        {
            "name": name,
            "title": f"Azure LLM inference 2023, {kind}: one hour of requests",
            "sources": dict.fromkeys(own, source),
            "notes": " ".join(NOTES.split()),
            "rate_per_s": float(f"{1 / gaps_s.mean():.5g}"),
            **tables,
        }
    )
    return with_persistence(start, dispersions(requests.arrival_s, float(requests.arrival_s[-1])))


def with_persistence(start: TrafficFit, wanted: Floats) -> TrafficFit:
    """The fit whose counts vary as wanted in windows of 1, 10 and 60 s: least squares of their logarithms."""
    lasting_s = float(trace(start.name).arrival_s[-1])
    count = int(HOURS * lasting_s * start.rate_per_s)

    def persistent(free: Floats) -> TrafficFit:
        persistence, requests = 1 / (1 + np.exp(-free[0])), 1 + np.exp(free[1])
        changes = {"gap_persistence": float(f"{persistence:.3g}"), "persistent_requests": float(f"{requests:.3g}")}
        return start.model_copy(update=changes)

    def error(free: Floats) -> float:
        arrival_s = np.cumsum(persistent(free).gaps(count, 1)) / start.rate_per_s
        return float(np.sum(np.log(dispersions(arrival_s, lasting_s) / wanted) ** 2))

    starts = [np.array([np.log(share / (1 - share)), np.log(requests)]) for share, requests in STARTS]
    found = [minimize(error, at, method="Nelder-Mead", options={"xatol": 0.01, "fatol": 1e-4}) for at in starts]
    return persistent(min(found, key=lambda each: float(each.fun)).x)


def entry(fitted: TrafficFit) -> str:
    """YAML as people write it: numbers in a row, each source once."""
    lines = [f"name: {fitted.name}", f'title: "{fitted.title}"', f"rate_per_s: {fitted.rate_per_s:g} requests/s"]
    for name in ("input_shares", "input_tokens", "output_shares", "output_tokens", "gap_shares", "gap_ratios"):
        value = getattr(fitted, name)
        if isinstance(value[0], tuple):
            lines += [f"{name}:", *(f"  - {row(inner)}" for inner in value)]
        else:
            lines.append(f"{name}: {row(value)}")
    lines += [f"gap_persistence: {fitted.gap_persistence:g}", f"persistent_requests: {fitted.persistent_requests:g}"]
    lines += ["notes: >-", *(f"  {line}" for line in NOTES.splitlines()), "sources:"]
    lines += [f'  {name}: {{basis: {told.basis}, source: "{told.source}"}}' for name, told in fitted.sources.items()]
    return "\n".join(lines) + "\n"


def row(values: tuple[float, ...]) -> str:
    """Numbers in a row."""
    return f"[{', '.join(f'{value:g}' for value in values)}]"


def main(folder: Path) -> None:
    """Write an entry for each trace."""
    for name in FILES:
        fitted = fit(name)
        print(name, fitted.rate_per_s, fitted.gap_persistence, fitted.persistent_requests)
        (folder / f"{name}.yaml").write_text(entry(fitted), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
