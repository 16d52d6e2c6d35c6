"""Options made from a service's engines: the same seconds and the same room as the engine's own, timed once."""

from __future__ import annotations

import pytest

from simulator.refusal import Refused
from simulator.serving.engine import decode
from simulator.serving.engine.decode import Answers
from simulator.serving.engine.setting import Setting
from simulator.serving.engine.step import Engine
from simulator.serving.fleet.decode import DecodeOption
from simulator.serving.fleet.engines import guessing_of, maker
from simulator.serving.fleet.grid import made
from simulator.serving.fleet.lookup import step_s
from simulator.serving.fleet.offered import steady
from simulator.serving.fleet.prefill import PrefillOption
from simulator.serving.fleet.search import Question, search
from workloads.fleet_search import FleetSearch
from workloads.service import SERVICES, Promises, Service, changed_service, load_service
from workloads.serving_unit import Speculation

TRAFFIC = steady(500.0, new_tokens=2000, output_tokens=500, cached_tokens=2000)


def service() -> Service:
    """DeepSeek's, with tokens spread evenly, so that no gate has to be played."""
    balanced = {"kind": "balanced"}
    changes = {"prefill.router": balanced, "decode.router": balanced}
    return changed_service(load_service(SERVICES / "deepseek-production.yaml"), changes)


SERVICE = service()
WANTED = FleetSearch(most_gpus=2048, prefill={"ep": (32,)}, decode={"ep": (144,), "sequences_per_group": (64, 99_999)})
MAKE = maker(SERVICE, WANTED, TRAFFIC)


def test_a_step_of_an_option_is_a_step_of_the_engine() -> None:
    """Between timed sizes linear: within 3 % at 64 sequences of 4,250 cached tokens."""
    option = MAKE("decode", {"gpus": 144, "ep": 144, "sequences_per_group": 64})
    assert isinstance(option, DecodeOption)
    engine = Engine(Setting(SERVICE, SERVICE.units["decode"]))
    own_s = decode.step_s(engine, Answers(64, TRAFFIC.decode_keys_tokens))
    assert float(step_s(option.table, option.table.seconds[:, 0], 64.0)) == pytest.approx(own_s, rel=0.03)
    room = decode.decode_room(engine, Answers(64, TRAFFIC.decode_keys_tokens))
    assert (option.kv_tokens, option.most_sequences, option.groups) == (room.tokens, 64, 144)


def test_options_that_differ_in_their_limits_alone_share_a_table() -> None:
    few, many = (MAKE("prefill", {"gpus": 32, "ep": 32, "tokens_per_group": tokens}) for tokens in (4096, 8192))
    assert isinstance(few, PrefillOption) and isinstance(many, PrefillOption)
    assert few.table is many.table
    assert (few.most_tokens, many.most_tokens) == (4096, 8192)


def test_more_sequences_than_fit_are_refused() -> None:
    with pytest.raises(Refused, match="99999 of this traffic do not fit beside the weights"):
        MAKE("decode", {"gpus": 144, "ep": 144, "sequences_per_group": 99_999})


def test_a_real_traffic_finds_its_fleet() -> None:
    """500 requests a second with 250,000 output tokens: at 10,000 to 20,000 a node of 8 some 12 to 25 nodes."""
    options, impossible = made(WANTED, ("prefill", "decode"), MAKE)
    assert [told for told, _ in impossible] == ["decode, gpus=144, ep=144, sequences_per_group=99999"]
    found = search(options, Question(TRAFFIC, Promises(ttft_s=5.0, tpot_s=0.05), 2048))
    reads, writes = found.answers[0].fleet.needs
    assert (reads.option.name, writes.option.name) == ("prefill (ep 32)", "decode (ep 144, sequences_per_group 64)")
    assert 12 <= writes.gpus / 8 <= 60


def test_one_guess_that_is_right_with_85_percent() -> None:
    """1 + B(0.85): mean 1.85, variance 0.85 x 0.15; two guesses of 0.8 and 0.5: 1, 2, 3 with 0.2, 0.4, 0.4."""
    one = guessing_of(Speculation(acceptance=(0.85,)))
    assert one.tokens_per_step == pytest.approx(1.85)
    assert one.deviation_tokens**2 == pytest.approx(0.85 * 0.15)
    two = guessing_of(Speculation(acceptance=(0.8, 0.5)))
    assert two.tokens_per_step == pytest.approx(2.2)
    assert two.deviation_tokens**2 == pytest.approx(0.2 + 1.6 + 3.6 - 2.2**2)
    assert guessing_of(None).deviation_tokens == 0
