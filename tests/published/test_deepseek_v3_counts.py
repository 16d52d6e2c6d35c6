"""DeepSeek-V3's published parameters, cache and FLOP, counted in the record of its operations."""

from __future__ import annotations

import pytest

from tests.small_models import shipped
from workloads.counts import activated, cache_share, count, flop_per_token, kv_cache_bytes_per_token, parameters


def test_parameters_are_671_billion() -> None:
    """arXiv 2412.19437, abstract; 671.03 B by addition of the released shapes."""
    assert parameters(shipped("deepseek-v3")) == pytest.approx(671.025e9, rel=1e-5)


def test_a_token_activates_37_billion() -> None:
    """arXiv 2412.19437, abstract; rounded to whole billions."""
    assert round(activated(shipped("deepseek-v3")) / 1e9) == 37


def test_cache_is_70_272_bytes_a_token() -> None:
    """DeepSeek-V3 at ISCA 2025, Table 1: 70.272 KB in BF16."""
    assert kv_cache_bytes_per_token(shipped("deepseek-v3")) == 70_272


@pytest.mark.parametrize(
    ("causal", "mtp", "flop"), [(True, False, 250e9), (False, False, 281e9), (True, True, 260.6e9)]
)
def test_training_flop_a_token(causal: bool, mtp: bool, flop: float) -> None:
    """DeepSeek-V3 at ISCA 2025, Table 2 (250); the others from its Table 4 and the module's own matmuls."""
    counted = flop_per_token(shipped("deepseek-v3"), 4096, causal, mtp)
    assert counted == pytest.approx(flop, rel=0.005)


def test_the_cache_is_1_4_or_1_8_percent_of_full_multi_head_attention() -> None:
    """576 elements against 128 x (192 + 128), or 128 x (128 + 128) without the keys' rotary part."""
    share = cache_share(shipped("deepseek-v3"))
    assert share.whole_ratio == pytest.approx(576 / 40960)
    assert share.content_ratio == pytest.approx(576 / 32768)


def test_parts_add_up_and_the_module_shares_embedding_and_head() -> None:
    parts = {part.part: part for part in count(shipped("deepseek-v3"))}
    assert sum(p.parameters for p in parts.values()) == parameters(shipped("deepseek-v3"), mtp=True)
    layer_and_projection = 11_506_000_000 + 2 * 7168 * 7168
    assert parts["MTP"].parameters == pytest.approx(layer_and_projection, rel=0.001)
    assert parts["output head"].parameters == 129280 * 7168 + 7168
