"""How fast tokens pass the compiled gate, drawing their affinities included."""

from __future__ import annotations

import time

import numpy as np

from workloads.gating import chosen
from workloads.reference.dims import Gate
from workloads.reference.softmax import choose
from workloads.router import Batch
from workloads.routers.affinity import Affinity
from workloads.routers.zipf import Zipf

GATE = Gate(256, 8, 8, 4, "sigmoid", "best_two", bias=True)
LIMIT_S = 30.0


def test_100000_tokens_pass_58_layers_in_30_s_on_one_core() -> None:
    """The gate of DeepSeek-V3; nothing of it runs on a second core."""
    batch = Batch(GATE, layers=58, steps=1, tokens=100_000, sequence_tokens=4096, gated_tokens=100_000)
    for router in (Affinity(), Zipf()):
        router.expert_tokens(Batch(GATE, 1, 1, 100, 100), 0)
        begin_s, begin_core_s = time.perf_counter(), time.process_time()
        router.expert_tokens(batch, 0)
        taken_s, core_s = time.perf_counter() - begin_s, time.process_time() - begin_core_s
        print(
            f"\n{router.kind}: {taken_s:.1f} s ({core_s:.1f} s of a core), {taken_s / LIMIT_S:.2f} of the 30 s allowed"
        )
        assert taken_s < LIMIT_S


def test_the_compiled_gate_is_5_times_as_fast_as_the_numeric_core() -> None:
    """On given logits, so with the same exponentials; ten times when measured."""
    logits = np.random.default_rng(0).standard_normal((20_000, 256), np.float32)
    chosen(logits[:10], GATE, None)
    times_s = []
    for way in (choose, chosen):
        begin_s = time.perf_counter()
        way(logits, GATE, None)
        times_s.append(time.perf_counter() - begin_s)
    print(
        f"\nnumeric core {times_s[0] * 1e3:.0f} ms, compiled {times_s[1] * 1e3:.0f} ms, {times_s[0] / times_s[1]:.0f} x"
    )
    assert times_s[0] > 5 * times_s[1]
