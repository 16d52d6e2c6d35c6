"""Every kind of traffic as a user writes it: found by its `kind`, read from YAML, in the schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import jsonschema
import pytest
from ruamel.yaml import YAML

from topologies.discovery import Discovered
from topologies.schema import json_schema
from topologies.spec import InvalidInput, Spec, digest, loads
from workloads.scenario import catalogue
from workloads.traffic_kind import TrafficSpec
from workloads.traffics.fitted import Fitted

LOGNORMAL = """
  lengths:
    kind: lognormal
    input: {median_tokens: 500, variation: 1.5, most_tokens: 8000}
    output: {median_tokens: 200, variation: 0.8}
    correlation: 0.3
"""
KINDS = {
    "poisson": "{rate_per_s: 10 requests/s, duration_s: 1 h, kind: poisson, "
    "lengths: {kind: fixed, input_tokens: 1000, output_tokens: 200}}",
    "constant": "\n  kind: constant\n  rate_per_s: 600 requests/min\n  most_requests: 50" + LOGNORMAL,
    "bursty": "\n  kind: bursty\n  rate_per_s: 10 requests/s\n  variation: 3\n  duration_s: 10 min" + LOGNORMAL,
    "diurnal": "\n  kind: diurnal\n  rate_per_s: 1 requests/s\n  peak_ratio: 1.8\n  peak_hour: 15\n  duration_s: 1 day"
    "\n  lengths: {kind: fitted, fit: azure-conv-2023}"
    "\n  prefixes: {block_tokens: 64, system_prompts: [1000, 300], turns: 4, pause_s: 45 s, most_input_tokens: 32000}",
    "fitted": "{kind: fitted, fit: azure-code-2023, rate_per_s: 20 requests/s, duration_s: 2 min}",
    "azure": "{kind: azure, path: a.csv, begin_s: 0 s, duration_s: 10 s, repeat: 2, speed_up: 1.5}",
    "mooncake": "{kind: mooncake, path: a.jsonl, most_requests: 1}",
    "table": "{kind: table, path: b.csv, leave_out_empty: true}",
}
FILES = {
    "a.csv": "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n",
    "a.jsonl": '{"timestamp": 0, "input_length": 600, "output_length": 5, "hash_ids": [0, 1]}\n',
    "b.csv": "arrival_s,input_tokens,output_tokens\n0,5,0\n1,5,2\n",
}


class Service(Spec):
    """What answers requests."""

    traffic: Annotated[TrafficSpec, Discovered("workloads.traffics")]


def test_these_are_all_kinds() -> None:
    assert set(Discovered("workloads.traffics").classes(TrafficSpec)) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_reads_from_yaml_and_brings_requests(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    traffic = loads(f"traffic: {KINDS[kind]}\n", Service, catalogue()).traffic
    assert traffic.kind == kind
    assert traffic.requests(0).count >= 1
    assert traffic.means().rate_per_s > 0
    assert bool(traffic.stamp()) == (kind in ("azure", "mooncake", "table"))
    assert digest(traffic.faster(2)) != digest(traffic)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_user_writes_fits_the_schema(kind: str) -> None:
    content = YAML(typ="safe", pure=True).load(f"traffic: {KINDS[kind]}\n")
    jsonschema.Draft202012Validator(json_schema(Service, catalogue())).validate(content)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{kind: poison}", "did you mean `poisson`?"),
        ("{kind: fitted, fit: azure-code, most_requests: 1}", "did you mean `azure-code-2023`?"),
        ("{kind: azure, path: a.csv, speedup: 2}", "speed_up"),
        ("{kind: fitted, fit: azure-code-2023, rate_per_s: 5 requests, most_requests: 1}", "no unit of requests/s"),
        ("{kind: fitted, fit: azure-code-2023, rate_per_s: 1e9 requests/s, duration_s: 1 h}", "can be drawn"),
    ],
)
def test_what_no_kind_is_is_refused_with_what_may_be_meant(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        loads(f"traffic: {text}\n", Service, catalogue())
    assert said in str(refused.value)


def test_a_fit_with_tables_of_different_lengths_is_refused() -> None:
    text = "{kind: fitted, most_requests: 1, fit: {base: azure-code-2023, gap_ratios: [1, 2], sources: {gap_ratios: "
    text += "{basis: assumed, source: two gaps of our own}}}}"
    with pytest.raises(InvalidInput, match="2 quantiles for 30 shares"):
        loads(f"traffic: {text}\n", Service, catalogue())


def test_a_seed_may_be_several_numbers() -> None:
    traffic = loads(f"traffic: {KINDS['fitted']}\n", Service, catalogue()).traffic
    assert isinstance(traffic, Fitted)
    assert traffic.requests((1, 2)).arrival_s[0] != traffic.requests((1, 3)).arrival_s[0]
