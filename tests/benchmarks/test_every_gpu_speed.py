"""How long and how large: DeepSeek-V3's step on all 2,048 GPUs, each by itself, at phase detail."""

from __future__ import annotations

import subprocess
import sys

from tests.command import ROOT

MOST_S, MOST_BYTES = 10.0, 2e9
PROBE = """
import resource, time
from simulator.gpus.every_gpu import play_every_gpu
from simulator.plan import plan
from workloads.scenario import SCENARIOS, load_scenario
begin_s = time.perf_counter()
every = play_every_gpu(plan(load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")))
print(len(every.gpus), time.perf_counter() - begin_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def test_every_one_of_2048_gpus_is_played_within_10_s_and_2_gb() -> None:
    """A process of its own, reading and planning counted, imports not."""
    done = subprocess.run([sys.executable, "-c", PROBE], cwd=ROOT, capture_output=True, text=True, check=True)
    gpus, seconds, peak_bytes = map(float, done.stdout.split())
    print(f"\n{gpus:.0f} GPUs: {seconds:.2f} s, peak {peak_bytes / 1e6:.0f} MB (limits {MOST_S:.0f} s, 2 GB)")
    assert gpus == 2048
    assert seconds < MOST_S
    assert peak_bytes < MOST_BYTES
