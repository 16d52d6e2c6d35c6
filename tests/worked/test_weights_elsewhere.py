"""Weights outside of the GPUs by hand: bytes as stored, layers read ahead, experts missed, what does not fit."""

from __future__ import annotations

import pytest

from simulator.memory import DoesNotFit
from simulator.refusal import Refused
from simulator.serving.elsewhere.crossings import Layout, beats_from, layout_of, table
from simulator.serving.elsewhere.fit import most_sequences, needs, require, with_cache
from simulator.serving.elsewhere.layers import Batch, Layer, Routed
from simulator.serving.elsewhere.money import owned_usd_per_s, rented_usd_per_s, usd_per_million_tokens
from simulator.serving.elsewhere.pipeline import pass_s, steady_s
from simulator.serving.elsewhere.rig import rig
from simulator.serving.elsewhere.step import Case, fetched, hit_share, host_s, missed, on_host, reading, step
from simulator.serving.elsewhere.stored import as_stored, weight_bytes
from simulator.serving.planning import plan_service
from tests.elsewhere import alone, decoded, h100s, model, node
from topologies.spec import load_entry
from workloads.counts import parameters
from workloads.model import serving_block
from workloads.ownership import Ownership
from workloads.price import Price
from workloads.reference.dims import Tokens
from workloads.reference.record import Weight
from workloads.scenario import catalogue
from workloads.service import SERVICES, changed_service, load_service
from workloads.serving_unit import WholeUnit
from workloads.site import Site
from workloads.weights.fetched_experts import FetchedExperts
from workloads.weights.host_experts import HostExperts
from workloads.weights.on_gpus import OnGpus
from workloads.weights.streamed import Streamed

LLAMA_405B_LAYER = 16384 * (2 * 16384 + 2 * 1024 + 3 * 53248)
"""Parameters of one layer's matrices: queries and output, keys and values of 8 heads, gate, up, down."""
ROUTED = Routed(256, 8, expert_bytes=1e6, pairs=16, pair_flop=2e6, chosen=15.7, token_bytes=14336.0)
LAYER = Layer("moe", 5e-3, 2e-3, 3e-3, 0.0, 4e6, 0.0, ROUTED)


def test_packed_matrices_take_their_bits_and_vectors_and_the_router_stay_in_bf16() -> None:
    matrix, router = Weight("q_a", "attention", (1000, 800), fp8=True), Weight("router", "attention", (256, 1000))
    assert weight_bytes(matrix, 4.5, True) == 1000 * 800 * 4.5 / 8
    assert weight_bytes(matrix, None, True) == 1000 * 800
    assert weight_bytes(matrix, None, False) == 2 * 1000 * 800
    assert weight_bytes(router, 4.5, True) == 2 * 256 * 1000
    assert weight_bytes(Weight("norm", "attention", (7168,)), 4.5, True) == 2 * 7168


def test_a_product_on_packed_weights_reads_those_of_the_chosen_experts_alone() -> None:
    """One token chooses 8 of 256 experts: 8 x 4,096 x 7,168 weights of gate and up, of 4.5 bits each."""
    spec = model("deepseek-v3").model_copy(update={"linear_format": "bf16"})
    ops = serving_block(spec, "moe", Tokens(1, 1, 10), folded=True).record
    op = next(op for op in ops if op.name == "experts.gate_up")
    packed = as_stored(op, 4.5)
    assert packed.groups == 8
    assert packed.read_bytes == pytest.approx(8 * 4096 * 7168 * 4.5 / 8 + 8 * 7168 * 2)


@pytest.mark.parametrize("name", ["deepseek-v2", "deepseek-v3", "llama-3-70b"])
def test_layers_hold_every_parameter_of_the_model_once(name: str) -> None:
    spec = model(name)
    read = Case(spec, alone("mac-studio-m3-ultra"), Streamed(bits_per_weight=16)).layers(Batch(1, 1, 100))
    held = sum(one.dense_bytes + one.routed_bytes for one in read)
    assert held == pytest.approx(2 * parameters(spec), rel=1e-9)


def test_layers_read_ahead_hide_the_shorter_side_and_pay_for_the_first_read() -> None:
    assert pass_s([3, 3], [1, 1], 1) == 3 + 3 + 1
    assert steady_s([3, 3], [1, 1], 1) == 3 + 3
    assert pass_s([1, 1], [3, 3], 1) == 1 + 3 + 3
    assert steady_s([1, 1], [3, 3], 1) == 3 + 3


def test_without_reading_ahead_reads_and_computations_take_turns() -> None:
    assert pass_s([3, 3], [1, 1], 0) == steady_s([3, 3], [1, 1], 0) == 8


def test_more_layers_ahead_even_out_unequal_ones() -> None:
    """Reads 6 0 0 0, computations 0 2 2 2: with one ahead the long read waits for a buffer; with three it does not."""
    reads, computes = [6.0, 0.0, 0.0, 0.0], [0.0, 2.0, 2.0, 2.0]
    assert steady_s(reads, computes, 3) == 6
    assert steady_s(reads, computes, 1) > steady_s(reads, computes, 2) >= 6


def test_eight_gpus_read_an_eighth_each_and_gather_the_rest() -> None:
    """A layer of 4 MB and 256 experts of 1 MB."""
    own = h100s(8)
    parts = reading(LAYER, own, Streamed(source="nvme"))
    layer_bytes = 4e6 + 256e6
    assert parts["pcie"] == pytest.approx(layer_bytes / 8 / (64e9 * 0.8))
    assert parts["host memory"] == pytest.approx(layer_bytes / (2 * 307.2e9 * 0.8))
    assert parts["nvlink"] == pytest.approx(layer_bytes * 7 / 8 / (450e9 * 0.8) + 3.33e-6)
    assert parts["nvme"] == pytest.approx(layer_bytes / 54e9)
    each = reading(LAYER, own, Streamed(shared_reads=False))
    assert each["pcie"] == pytest.approx(8 * parts["pcie"])
    assert "nvlink" not in each


def test_a_cache_of_a_quarter_of_the_experts_leaves_six_of_eight_to_be_fetched() -> None:
    one = Routed(256, 8, 1e6, pairs=8, pair_flop=1.0, chosen=8.0, token_bytes=1.0)
    assert missed(one, 1.0, 64) == pytest.approx(6)
    assert missed(one, 2.0, 64) == pytest.approx(4)
    assert missed(one, 1.0, 256) == 0
    assert hit_share(one, 8.0, 64) == 1


def test_two_tokens_share_few_experts() -> None:
    """256 (1 - (1 - 8/256)^2) = 15.75."""
    assert missed(ROUTED, 1.0, 0) == pytest.approx(15.75)


def test_processors_are_bound_by_the_weights_of_few_tokens_and_by_the_flop_of_many() -> None:
    own = alone("workstation-4090")
    few_s, few = host_s(ROUTED, 15.75, 1.0, own)
    assert few_s == pytest.approx(15.75e6 / (2 * 307.2e9 * 0.57))
    many = Routed(256, 8, 1e6, pairs=16_000, pair_flop=2e6, chosen=256, token_bytes=1.0)
    many_s, bound = host_s(many, 256, 1.0, own)
    assert many_s == pytest.approx(16_000 * 2e6 / (2 * 72.1e12 * 0.29))
    assert (few, bound) == ("host memory", "host processors")


def test_shared_experts_are_hidden_behind_the_processors_as_far_as_these_take() -> None:
    own = alone("workstation-4090")
    parts = on_host(LAYER, own, 1.0, 0)
    handover_s = 30e-6 + 2 * 2 * 14336 / (32e9 * 0.8)
    assert parts["handover"] == pytest.approx(handover_s)
    assert parts["gpu"] == pytest.approx(5e-3 - (parts["host memory"] + handover_s))
    assert fetched(LAYER, own, 1.0, 0)["gpu"] == pytest.approx(5e-3 + 3e-3 - 15.75e6 / (32e9 * 0.8))


def test_experts_that_the_gpu_holds_too_leave_the_processors_less() -> None:
    spec, own = model("deepseek-v2"), alone("mac-studio-m3-ultra")
    assert most_sequences(Case(spec, own, OnGpus(bits_per_weight=4.5)), 1000) > 1
    station = alone("workstation-4090")
    few = step(with_cache(Case(spec, station, HostExperts(bits_per_weight=4.5)), Batch(1, 1, 100)), Batch(1, 1, 100))
    weights = HostExperts(bits_per_weight=4.5, gpu_experts=10)
    more = step(with_cache(Case(spec, station, weights), Batch(1, 1, 100)), Batch(1, 1, 100))
    assert more.busy_s["host memory"] == pytest.approx(few.busy_s["host memory"] * 150 / 160, rel=0.01)


def test_deepseek_v2_in_four_bits_does_not_fit_an_ai_pc_and_the_terms_say_why() -> None:
    """236 B x 4.5 / 8 = 133 GB, of 128 GiB the GPU may use 110."""
    case = Case(model("deepseek-v2"), alone("ai-pc"), OnGpus(bits_per_weight=4.5))
    with pytest.raises(
        DoesNotFit, match=r"GPU needs 1\d\d GB for 1 sequences, 118.1 GB are usable; largest: weights 13"
    ):
        require(case, Batch(1, 1, 500))
    require(Case(model("deepseek-v2"), alone("ai-pc"), OnGpus(bits_per_weight=3.44)), Batch(1, 1, 500))


def test_host_and_disks_must_hold_what_is_streamed() -> None:
    spec = model("llama-3.1-405b")
    gpu, host = needs(Case(spec, h100s(1), Streamed(prefetch_layers=2)), Batch(1, 1, 100))
    assert host.terms["weights"] == pytest.approx(2 * parameters(spec))
    assert gpu.terms["buffers"] == pytest.approx(3 * 2 * LLAMA_405B_LAYER, rel=0.001)
    one_socket = alone("workstation-4090", sockets=1)
    with pytest.raises(DoesNotFit, match=r"host needs 811.7 GB for 1 sequences, 512 GB"):
        require(Case(spec, one_socket, Streamed(prefetch_layers=1)), Batch(1, 1, 100))
    copied = HostExperts(bits_per_weight=8, copied=True)
    with pytest.raises(DoesNotFit, match=r"host needs 1.308 TB"):
        require(Case(model("deepseek-v3"), alone("workstation-4090"), copied), Batch(1, 1, 100))


def test_as_many_experts_are_cached_as_fit_beside_the_batch() -> None:
    case = Case(model("deepseek-v3"), alone("workstation-4090"), FetchedExperts(bits_per_weight=4.83))
    few, many = (with_cache(case, Batch(count, 1, 1000)).cached_experts for count in (1, 40))
    assert few > many > 0
    full = with_cache(case, Batch(1, 1, 1000))
    assert needs(full, Batch(1, 1, 1000))[0].fits
    more = Case(full.model, full.rig, full.weights, full.cached_experts + 1)
    assert not needs(more, Batch(1, 1, 1000))[0].fits


def test_what_cannot_be_is_refused_with_a_way_out() -> None:
    with pytest.raises(Refused, match=r"write cluster.node.host, such as xeon-8480c"):
        decoded(model("deepseek-v3"), alone("mac-studio-m3-ultra"), HostExperts(bits_per_weight=4.5))
    with pytest.raises(Refused, match=r"llama-3-70b has no routed experts; write on-gpus or streamed"):
        decoded(model("llama-3-70b"), h100s(1), HostExperts())
    with pytest.raises(Refused, match=r"whole.gpus: 16, but a h100-node has 8"):
        rig(WholeUnit(gpus=16), node("h100-node"))


def entry(group: str, name: str, kind: type[Price] | type[Site] | type[Ownership]) -> Price | Site | Ownership:
    return load_entry(group, name, kind, catalogue())


def test_money_is_the_rent_of_all_gpus_or_what_a_bought_machine_costs_an_hour() -> None:
    station = alone("workstation-4090")
    price, site = entry("prices", "workstation-4090", Price), entry("sites", "world-2023", Site)
    terms = entry("ownerships", "workstation-4090-2025", Ownership)
    assert isinstance(price, Price) and isinstance(site, Site) and isinstance(terms, Ownership)
    owned = owned_usd_per_s(station, terms, site)
    assert owned == pytest.approx(rented_usd_per_s(station, price), rel=0.01)
    paid = 9999 * (1 - 0.1 / 1.08**4) * 0.08 / (1 - 1.08**-4) / (365 * 86400)
    assert owned == pytest.approx(paid + (450 + 700) * site.pue_ratio * site.electricity_usd_per_j)
    assert usd_per_million_tokens(3600 * owned, 3600 * 20.0) == pytest.approx(owned / 20 * 1e6)
    with pytest.raises(Refused, match="price of workstation-4090 is of rtx-4090, the unit has h100"):
        rented_usd_per_s(h100s(1), price)


def test_the_shipped_workstation_is_a_layout_with_a_table() -> None:
    own = layout_of(load_service(SERVICES / "workstation.yaml"))
    rows = table([own], [1, 4])
    assert list(rows["sequences"]) == [1, 1]
    assert rows["bound"][0] == "host memory"
    shared = layout_of(changed_service(load_service(SERVICES / "workstation.yaml"), {"whole.sequences_per_group": 4}))
    rows = table([shared], [1, 4])
    assert list(rows["sequences"]) == [1, 4]
    assert rows["tokens_per_s_per_user"][1] < rows["tokens_per_s_per_user"][0] < rows["tokens_per_s"][1]


def test_engines_that_hold_all_weights_do_not_serve_a_unit_whose_weights_are_elsewhere() -> None:
    with pytest.raises(Refused, match=r"whole.weights: only `kind: on-gpus` without bits_per_weight is served"):
        plan_service(load_service(SERVICES / "workstation.yaml"))


def test_choices_that_would_make_no_difference_are_refused() -> None:
    base = load_service(SERVICES / "workstation.yaml")
    with pytest.raises(Refused, match=r"whole.speculation is not simulated.*; whole.units: 2"):
        layout_of(changed_service(base, {"whole.speculation": {}, "whole.units": 2, "cluster.nodes": 2}))
    with pytest.raises(Refused, match=r"whole.tp: 1, but all GPUs split each layer; write 8"):
        eight = {"cluster.node": {"base": "h100-node", "host": "xeon-8480c"}, "whole.gpus": 8, "price": "h100-rental"}
        layout_of(
            changed_service(base, {**eight, "cluster.topology": {"kind": "mpft", "planes": 8, "switch": "quantum-2"}})
        )


def test_the_server_full_of_gpus_beats_the_workstation_once_enough_users_share_it() -> None:
    """Rent of 16 USD/h against 0.47: a GPU server is dearer for few users, cheaper for hundreds; found by halving."""
    spec = model("deepseek-v3")
    full = Layout("8 H100", Case(spec, h100s(8), OnGpus(bits_per_weight=4.5)), 1000, 16 / 3600)
    station = Layout(
        "workstation", Case(spec, alone("workstation-4090"), HostExperts(bits_per_weight=4.5)), 1000, 1.3e-4
    )
    users = beats_from(full, station, "usd_per_million_tokens")
    assert users is not None and 64 < users < 512
    before, there = (full.offer(count).usd_per_million_tokens for count in (users - 1, users))
    assert before >= station.offer(users - 1).usd_per_million_tokens
    assert there < station.offer(users).usd_per_million_tokens
    assert beats_from(full, station, "tokens_per_s") == 1
    assert beats_from(station, full, "tokens_per_s") is None
