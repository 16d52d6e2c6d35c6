"""A library of kernels that take tokens to their experts and back: a few parameters, each with its source."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from topologies.entry import Entry
from topologies.spec import Spec
from topologies.units import BytesPerS, Count, CountOrZero, SecondsOrZero, Share

Above = Annotated[Share, Field(gt=0)]


class Posting(Spec):
    """Who hands messages to the NIC: the GPU itself (IBGDA), or a thread of the host that it tells (IBRC)."""

    by: Literal["gpu", "cpu-proxy"]
    latency_s: SecondsOrZero
    """Until the first message is on the wire, beyond the latency of the network."""
    message_s: SecondsOrZero
    """Between two messages of one GPU: one over the message rate."""
    queue_pairs: Count
    """To each other GPU that messages go to: where switches hash flows (cluster.topology.routing: ecmp), so many take
    their own way."""


class NormalKernels(Spec):
    """Kernels of training and prefill: multiprocessors copy tokens; see simulator/all_to_all/normal.py."""

    copies: Literal["node", "gpu", "expert"] = "node"
    """A token is sent once for each node it reaches and goes on over NVLink, or straight: for each GPU or expert."""
    sms_per_channel: Count
    channel_bytes_per_s: BytesPerS
    """Tokens that the multiprocessors of one channel copy to GPUs over NVLink, those for the own GPU counted."""
    staged_ratio: Share
    """Work of laying a token out for a node, over that of copying it to a GPU."""
    network_ratio: Above
    """Reached of a port's nominal rate."""
    message_tokens: Count
    """Tokens of one message over the network."""
    posting: Posting
    layout_s: SecondsOrZero
    """Counting the tokens for each GPU before a dispatch whose routing is new."""
    notify_s: SecondsOrZero
    """Telling all others how many tokens come, before each dispatch and combine."""


class LowLatencyKernels(Spec):
    """Kernels of decode: each token goes to each of its experts by itself; see simulator/all_to_all/low_latency.py."""

    nvlink: bool
    """Inside a node over NVLink; false: everything over the network."""
    network_ratio: Above
    """Reached of a port's nominal rate."""
    posting: Posting
    header_bytes: CountOrZero
    """Sent with each token."""
    dispatch_start_s: SecondsOrZero
    combine_start_s: SecondsOrZero
    """Seconds of a kernel beside its bytes: casting or adding up, counters, the way of the last message."""
    hook_sms: CountOrZero
    """Multiprocessors held between the issue and the arrival, where the receiver waits in a hook of its own."""


class AllToAllKernels(Entry):
    """One generation of a library; generations are entries LINE-YYYY-MM-DD of the catalogue."""

    group: ClassVar[str] = "all-to-all"
    normal: NormalKernels
    low_latency: LowLatencyKernels
    beside_compute_ratio: Above
    """Rate of a transfer beside computation over the same alone: both use the memory, the caches and the power."""
