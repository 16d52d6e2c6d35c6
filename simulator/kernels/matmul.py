"""Seconds of a matrix product by tiles and waves: FP8 and BF16, dense and grouped, with or without accumulation."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.kernels.machine import Bound, Busy, Machine, slower
from simulator.kernels.tiles import TALL_ROWS, Grid, TileRule, grid
from topologies.kernel_sets import MatmulFamily

FLOP_PER_ELEMENT = 2


@dataclass(frozen=True, slots=True)
class Product:
    """One launch: `groups` products [rows, inner] x [inner, columns].

    rows           of one group (mean)
    element_bytes  of an operand's element
    operand_bytes  both operands, read from device memory once
    output_bytes   everything that passes a tile's epilogue: what is written, and a sum that it is added to
    uneven_ratio   groups have between (1 - r) and (1 + r) times their mean rows
    """

    rows: float
    columns: int
    inner: float
    groups: float
    element_bytes: float
    operand_bytes: float
    output_bytes: float
    uneven_ratio: float = 0.0


def product_s(product: Product, machine: Machine, family: MatmulFamily) -> Busy:
    """Time one persistent kernel that walks over its output's tiles.

    seconds = start + max(waves x main loop of a tile, (operands + hidden output) / HBM) + exposed output / HBM

    A multiprocessor that ends the main loop of a tile writes it out before it begins the next one, as far as the
    epilogue is not overlapped (DeepGEMM README, "persistent warp-specialization": TMA loads of the next tile run
    on, the tensor cores wait). That is what a short inner length pays for: kv_b's 512 multiply-adds an element
    against two bytes written. Whole waves count: the last one takes as long as a full one.
    """
    rule = TileRule(family.widest_tile, family.wide_when_tall, family.padded_groups, product.uneven_ratio)
    cut = grid(product.rows, product.columns, product.groups, machine.used, rule)
    hbm_bytes_per_s = machine.hbm_bytes_per_s * family.bandwidth_ratio
    exposed_bytes = product.output_bytes * family.exposed_output_ratio
    moved_s = (product.operand_bytes + product.output_bytes - exposed_bytes) / hbm_bytes_per_s
    main = slower(cut.waves * main_loop_s(cut, product, machine, family), moved_s)
    exposed_s = exposed_bytes / hbm_bytes_per_s
    bound: Bound = "memory" if exposed_s > main.seconds else main.bound
    return Busy(family.start_s + main.seconds + exposed_s, bound)


def main_loop_s(cut: Grid, product: Product, machine: Machine, family: MatmulFamily) -> float:
    """Seconds of one tile over the whole inner length: its multiply-adds, or the operands that have to come for them.

    Each multiprocessor loads a strip of both operands for every tile. With all at it the L2 cache gives each
    `operand_bytes_per_s`, with fewer more, up to what one can take.
    """
    flop = FLOP_PER_ELEMENT * cut.rows * cut.columns * product.inner
    shared = max(cut.rows, cut.columns) / 2 if product.rows >= TALL_ROWS else 0
    strip_bytes = (cut.rows + cut.columns - shared) * product.inner * product.element_bytes
    loading = min(cut.tiles, machine.used)
    sm_bytes_per_s = min(family.operand_bytes_per_s * machine.sms / loading, machine.sm_load_bytes_per_s)
    return max(flop / (machine.sm_flop_per_s * family.flop_ratio), strip_bytes / sm_bytes_per_s)
