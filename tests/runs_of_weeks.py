"""Small runs of weeks for tests: Llama 3 8B on 8 GPUs, whose step takes a second to work out."""

from __future__ import annotations

from pathlib import Path

from workloads.long_run import Run, load_run

SMALL = """\
name: small
scenario: {base: llama-3-8b-h100, job: {tokens: 20 B tokens}}
phases:
  - kind: pre-training
    name: pre-training
    ramp: {from_sequences: 64, tokens: 2 B tokens, rises: 2}
  - {kind: fixed-steps, name: tuning, sequence_length: 4096, sequences_per_step: 64, steps: 100, layout: keep}
  - {kind: stated, name: talking, gpu_time_s: 16 h, basis: assumed, source: this test}
"""
FAILING = """\
reliability:
  rates: llama-3-h100
  rate_ratio: 200
  recovery: {detection_s: 5 min, restart_s: 10 min, spare_nodes: 1, repair_s: 1 days}
  silent: {found_s: 1 h}
checkpoints: {interval_s: 1 h, mode: synchronous, storage: 3fs-roce}
hbm_stacks_per_gpu: 5
lives: 20
"""
OWNED = "ownership: h100-2024\nsite: world-2023\npower: h100-server\n"


def written(folder: Path, text: str, name: str = "run.yaml") -> Path:
    """A file of the text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, text: str) -> Run:
    """The run of a text."""
    return load_run(written(folder, text))
