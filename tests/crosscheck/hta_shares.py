"""What Holistic Trace Analysis says of a folder of timelines, one file a rank; runs where it is installed."""

from __future__ import annotations

import json
import sys
import warnings


def main(folder: str) -> None:
    """Write, for each rank, percent of time computing, only communicating and idle, and of communication overlapped."""
    warnings.simplefilter("ignore")
    from hta.trace_analysis import TraceAnalysis  # type: ignore[import-not-found]

    analysis = TraceAnalysis(trace_dir=folder)
    spent = analysis.get_temporal_breakdown(visualize=False).set_index("rank")
    overlap = analysis.get_comm_comp_overlap(visualize=False).set_index("rank")
    columns = {"compute_share": "compute_time_pctg", "exposed_share": "non_compute_time_pctg"}
    columns["idle_share"] = "idle_time_pctg"
    found = {
        int(rank): {ours: round(float(spent.loc[rank, theirs]) / 100, 6) for ours, theirs in columns.items()}
        | {"hidden_share": round(float(overlap.loc[rank, "comp_comm_overlap_pctg"]) / 100, 6)}
        for rank in spent.index
    }
    sys.stdout.write("HTA " + json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
