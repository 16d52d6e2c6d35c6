"""Replay of one's own recording."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from workloads.replayed_traffic import ReplayedTraffic
from workloads.requests import Requests

COLUMNS = ("arrival_s", "input_tokens", "output_tokens")


class Table(ReplayedTraffic):
    """A CSV or Parquet file with the columns arrival_s, input_tokens, output_tokens, in the order of arrival."""

    kind: Literal["table"] = "table"

    def read(self) -> Requests:
        """Every request of the file. Raises InvalidInput."""
        from workloads.request_tables import Columns, read_requests

        return read_requests(Path(self.path), (Columns(*COLUMNS),), leave_out_empty=self.leave_out_empty)
