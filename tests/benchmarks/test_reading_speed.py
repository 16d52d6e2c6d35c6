"""How long the shape reading takes."""

from __future__ import annotations

import time

from tests.small_models import shipped
from workloads.model import read_block
from workloads.reference.dims import Share, Tokens
from workloads.reference.reading import BlockName, training_block

BLOCKS: tuple[BlockName, ...] = ("embedding", "dense", "moe", "head", "mtp")


def test_a_whole_step_of_deepseek_v3_is_read_within_20_ms() -> None:
    model = shipped("deepseek-v3")
    times_s = []
    for length in range(4096, 4106):
        start_s = time.perf_counter()
        for block in BLOCKS:
            read_block(model, block, Tokens(1, length), Share(expert=64))
        times_s.append(time.perf_counter() - start_s)
    print(f"shape reading of all five blocks: best {min(times_s) * 1e3:.1f} ms, worst {max(times_s) * 1e3:.1f} ms")
    assert min(times_s) < 0.020


def test_the_same_shapes_are_read_once() -> None:
    model = shipped("deepseek-v3")
    first = read_block(model, "moe", Tokens(1, 999))
    assert read_block(model, "moe", Tokens(1, 999)) is first
    assert training_block.cache_info().maxsize == 4096
