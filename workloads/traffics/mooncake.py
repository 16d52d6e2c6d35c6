"""Replay of Mooncake's published traces, which say what prompts have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from topologies.units import Count
from workloads.replayed_traffic import ReplayedTraffic
from workloads.requests import Requests


class Mooncake(ReplayedTraffic):
    """JSON lines with timestamp (ms), input_length, output_length and hash_ids (https://github.com/kvcache-ai/Mooncake).

    block_tokens   tokens of a block of hash_ids: 512 in the published traces (arXiv 2407.00079)
    """

    kind: Literal["mooncake"] = "mooncake"
    block_tokens: Count = 512

    def read(self) -> Requests:
        """Every request of the file. Raises InvalidInput."""
        from workloads.request_lines import read_lines

        return read_lines(Path(self.path), self.block_tokens, leave_out_empty=self.leave_out_empty)
