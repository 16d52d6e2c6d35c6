"""Weights in host memory or on disks, streamed through the GPUs layer by layer."""

from __future__ import annotations

from typing import Literal

from topologies.units import CountOrZero
from workloads.weights.base import WeightsSpec


class Streamed(WeightsSpec):
    """Every layer is read for every step, whole, whatever experts will be chosen (ZeRO-Inference; arXiv 2207.00032).

    source            where the weights are: the server's memory, or its NVMe disks
    prefetch_layers   layers that are read ahead while one computes; 0: read, then compute
    shared_reads      each GPU reads its share over its own link, and they gather the layer over NVLink; else each GPU
                      reads all of it. Sequences are spread over the GPUs in both cases
    """

    kind: Literal["streamed"] = "streamed"
    source: Literal["host", "nvme"] = "host"
    prefetch_layers: CountOrZero = 1
    shared_reads: bool = True
