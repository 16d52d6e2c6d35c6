"""What carries tokens: a GPU's links at the rates that a library's kernels reach on them."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.collectives import NOTHING, LinkKind, Links, Transfer
from topologies.all_to_all import Posting


@dataclass(frozen=True, slots=True)
class Load:
    """What one GPU has to do for one transfer.

    copied_bytes   that its multiprocessors copy;  messages   over the network
    forwarded      what comes over the network goes on over NVLink; else both ways are taken at the same time
    spared_bytes   of network_bytes, what the port's other direction does not carry because switches multiply and add
    """

    nvlink_bytes: float
    network_bytes: float
    copied_bytes: float
    messages: float
    forwarded: bool
    spared_bytes: float = 0.0


@dataclass(frozen=True, slots=True)
class Carrier:
    """Rates of one GPU, and who posts its messages.

    copied_bytes_per_s   of the multiprocessors that copy; infinite where none do
    """

    nvlink_bytes_per_s: float
    network_bytes_per_s: float
    copied_bytes_per_s: float
    links: Links
    posting: Posting

    def slowed(self, ratio: float) -> Carrier:
        """The same at a share of its rates."""
        return Carrier(
            self.nvlink_bytes_per_s * ratio,
            self.network_bytes_per_s * ratio,
            self.copied_bytes_per_s * ratio,
            self.links,
            self.posting,
        )

    def carry(self, load: Load) -> Transfer:
        """Everything works at once; what takes longest sets the time, latencies on the way come on top."""
        if load.nvlink_bytes <= 0 and load.network_bytes <= 0:
            return NOTHING
        parts: dict[LinkKind, float] = {
            "network": load.network_bytes / self.network_bytes_per_s,
            "nvlink": load.nvlink_bytes / self.nvlink_bytes_per_s,
            "sms": load.copied_bytes / self.copied_bytes_per_s,
            "messages": load.messages * self.posting.message_s,
        }
        bound = max(parts, key=lambda part: parts[part])
        near_s = self.links.nvlink_latency_s * (load.nvlink_bytes > 0)
        far_s = (self.links.network_latency_s + self.posting.latency_s) * (load.network_bytes > 0)
        latency_s = near_s + far_s if load.forwarded else max(near_s, far_s)
        own = bound in ("nvlink", "sms") or not load.forwarded
        seconds = parts[bound] + latency_s
        return Transfer(seconds, load.nvlink_bytes, load.network_bytes, bound, own, load.spared_bytes)
