"""Replay of Azure's published traces of LLM inference."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from workloads.replayed_traffic import ReplayedTraffic
from workloads.requests import Requests

DATED = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
PROCESSED = ("arrived_at", "num_prefill_tokens", "num_decode_tokens")


class Azure(ReplayedTraffic):
    """A CSV file of the traces of 2023 and 2024, as Microsoft publishes them or as simulators pass them on.

    Published   https://github.com/Azure/AzurePublicDataset: TIMESTAMP,ContextTokens,GeneratedTokens
    Processed   arrived_at,num_prefill_tokens,num_decode_tokens, in seconds (https://github.com/microsoft/vidur)
    """

    kind: Literal["azure"] = "azure"

    def read(self) -> Requests:
        """Every request of the file. Raises InvalidInput."""
        from workloads.request_tables import Columns, read_requests

        forms = (Columns(*DATED, dated=True), Columns(*PROCESSED))
        return read_requests(Path(self.path), forms, leave_out_empty=self.leave_out_empty)
