"""What a play says to its operator: times to tokens, promises kept, throughput, queues; arithmetic on columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.refusal import Refused
from simulator.serving.world.played import ENDS, Played
from simulator.serving.world.state import Floats

if TYPE_CHECKING:
    import pandas as pd

PERCENTILES = (50, 90, 95, 99)


@dataclass(frozen=True, slots=True)
class Steady:
    """The part of a play that stands for a service that runs on: from when it has filled up until arrivals end.

    warm_up_share   of the time from first to last arrival that is left out at the beginning; what comes after the last
                    arrival, while the world empties, is left out always
    """

    warm_up_share: float = 0.1

    def of(self, played: Played) -> tuple[float, float]:
        """Its beginning and its end in s."""
        if not 0 <= self.warm_up_share < 1:
            raise Refused(f"warm_up_share is {self.warm_up_share:g}; it must be from 0 to below 1")
        first_s, last_s = float(played.arrival_s[0]), float(played.arrival_s[-1])
        return first_s + self.warm_up_share * (last_s - first_s), last_s


@dataclass(frozen=True, slots=True)
class Promise:
    """What a request may take: to its first token, and on average for each token after it."""

    ttft_s: float
    tpot_s: float


def ttft_s(played: Played) -> Floats:
    """[request]  From arrival to first token; NaN without one."""
    return played.first_token_s - played.arrival_s


def tpot_s(played: Played) -> Floats:
    """[request]  (finish - first token) / (output tokens - 1); NaN with one output token, or unfinished."""
    after = np.where(played.output_tokens > 1, played.output_tokens - 1, np.nan)
    return np.asarray((played.finish_s - played.first_token_s) / after)


def end_to_end_s(played: Played) -> Floats:
    """[request]  From arrival to last token; NaN where it did not come."""
    return played.finish_s - played.arrival_s


def latencies(played: Played, steady: Steady = Steady()) -> pd.DataFrame:
    """One row each for ttft_s, tpot_s, itl_s, end_to_end_s; columns count, mean, p50, p90, p95, p99, max.

    Of the requests that come in the steady part and finish; gaps between tokens (itl_s) are those that
    end in the twentieths of the time of arrivals that lie in the steady part.
    Percentiles are the smallest value that at least that share does not exceed (inverted distribution function).
    """
    import pandas as pd

    from_s, until_s = steady.of(played)
    seen = played.finished & (played.arrival_s >= from_s) & (played.arrival_s <= until_s)
    rows = {name: _row(values[seen]) for name, values in _by_request(played).items()}
    gaps = played.gap_slices.between(from_s, until_s)
    rows["itl_s"] = [int(gaps.tokens.sum()), gaps.mean_s, *(gaps.quantile_s(p / 100) for p in PERCENTILES),
                     gaps.longest_s]  # fmt: skip
    names = ["count", "mean", *(f"p{p}" for p in PERCENTILES), "max"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).loc[["ttft_s", "tpot_s", "itl_s",
                                                                           "end_to_end_s"]]  # fmt: skip


def requests(played: Played) -> pd.DataFrame:
    """One row a request: what was asked, its instants, how it ended (in words), engines, cached tokens, preemptions."""
    import pandas as pd

    names = ("arrival_s", "input_tokens", "output_tokens", "prefill_start_s", "first_token_s", "transfer_end_s",
             "decode_start_s", "finish_s", "prefill_unit", "decode_unit", "cached_tokens", "preemptions")  # fmt: skip
    table = pd.DataFrame({name: getattr(played, name) for name in names})
    table["end"] = pd.Series(played.end).map(ENDS)
    return table


def _by_request(played: Played) -> dict[str, Floats]:
    """Times of each request."""
    return {"ttft_s": ttft_s(played), "tpot_s": tpot_s(played), "end_to_end_s": end_to_end_s(played)}


def _row(values: Floats) -> list[float]:
    """Count, mean, percentiles and maximum of what is a number."""
    values = values[~np.isnan(values)]
    if len(values) == 0:
        return [0, *[np.nan] * (len(PERCENTILES) + 2)]
    marks = np.percentile(values, PERCENTILES, method="inverted_cdf")
    return [len(values), float(values.mean()), *marks.tolist(), float(values.max())]


def kept(played: Played, promise: Promise) -> NDArray[np.bool_]:
    """[request]  Finished, with its first token and the others in time; a request of one token has no others."""
    others = np.nan_to_num(tpot_s(played), nan=0.0) <= promise.tpot_s
    return np.asarray(played.finished & (ttft_s(played) <= promise.ttft_s) & others)


def attainment(played: Played, promises: list[Promise], steady: Steady = Steady()) -> pd.DataFrame:
    """One row a promise: share of the requests that come in the steady part to which it is kept, and goodput.

    Goodput is NaN where all come at once. Who is turned away, gives up or never finishes counts as a promise broken.
    Columns: ttft_s, tpot_s, ttft_share, tpot_share (of those that finished), kept_share,
    good_requests_per_s, good_tokens_per_s (output tokens of requests with kept promises).
    """
    import pandas as pd

    from_s, until_s = steady.of(played)
    asked = (played.arrival_s >= from_s) & (played.arrival_s <= until_s)
    done, span_s = asked & played.finished, until_s - from_s or float("nan")
    rows = []
    for promise in promises:
        good = asked & kept(played, promise)
        first, others = ttft_s(played)[done] <= promise.ttft_s, np.nan_to_num(tpot_s(played)[done]) <= promise.tpot_s
        rows.append(
            {
                "ttft_s": promise.ttft_s,
                "tpot_s": promise.tpot_s,
                "ttft_share": first.mean() if len(first) else np.nan,
                "tpot_share": others.mean() if len(others) else np.nan,
                "kept_share": good.sum() / max(asked.sum(), 1),
                "good_requests_per_s": good.sum() / span_s,
                "good_tokens_per_s": played.output_tokens[good].sum() / span_s,
            }
        )
    return pd.DataFrame(rows)


def throughput(played: Played, steady: Steady = Steady()) -> pd.Series:
    """By name: from_s and until_s of the steady part, and what comes and is done in it a second.

    arrived_requests_per_s, and of requests that finish in it requests_per_s, input_tokens_per_s, output_tokens_per_s.
    Where more comes than is done, queues grow.
    """
    import pandas as pd

    from_s, until_s = steady.of(played)
    span_s = until_s - from_s or float("nan")
    with np.errstate(invalid="ignore"):
        done = (played.finish_s >= from_s) & (played.finish_s <= until_s)
    came = (played.arrival_s >= from_s) & (played.arrival_s <= until_s)
    return pd.Series(
        {
            "from_s": from_s,
            "until_s": until_s,
            "arrived_requests_per_s": float(came.sum() / span_s),
            "requests_per_s": float(done.sum() / span_s),
            "input_tokens_per_s": float(played.input_tokens[done].sum() / span_s),
            "output_tokens_per_s": float(played.output_tokens[done].sum() / span_s),
        }
    )


def queues(played: Played) -> pd.DataFrame:
    """One row a look and kind of engine: at_s, kind, waiting, running, kv_share, busy_share, present."""
    import pandas as pd

    frames = [
        pd.DataFrame(
            {
                "at_s": played.sample_at_s,
                "kind": kind,
                "waiting": one.waiting,
                "running": one.running,
                "kv_share": one.kv_share,
                "busy_share": one.busy_share,
                "present": one.present,
            }
        )
        for kind, one in played.queues.items()
    ]
    return pd.concat(frames, ignore_index=True)


def engines(played: Played) -> pd.DataFrame:
    """One row an engine: busy_s, present_s, utilisation (busy over present)."""
    import pandas as pd

    table = {"busy_s": played.busy_s, "present_s": played.present_s, "utilisation_share": played.utilisation}
    return pd.DataFrame(table).rename_axis("unit")
