"""`clustercast show model`: counts by part, published figures beside them, and other people's config.json."""

from __future__ import annotations

import json
from pathlib import Path

from tests.command import Ended, clustercast
from tests.worked.test_huggingface_config import DEEPSEEK_V3, LLAMA


def row(ended: Ended, first: str) -> list[str]:
    """Words of the line that starts so."""
    (line,) = [line for line in ended.out.splitlines() if line.startswith(first)]
    return line.removeprefix(first).split()


def test_deepseek_v3_is_counted_part_by_part() -> None:
    ended = clustercast("show", "model", "deepseek-v3")
    assert ended.code == 0
    assert row(ended, "all but MTP")[0] == "671,026,419,200"
    assert row(ended, "attention  ")[2:4] == ["70.272", "kB"]
    assert "1.41%" in ended.out and "1.76%" in ended.out


def test_a_disagreement_with_a_published_count_is_shown_with_both_readings() -> None:
    ended = clustercast("show", "model", "qwen2.5-72b")
    assert row(ended, "training FLOP a token")[:5] == ["394", "GFLOP", "444.86", "GFLOP", "+12.91%"]
    assert "counts this row differently" in ended.out


def test_a_config_json_is_shown_like_an_entry(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(DEEPSEEK_V3))
    ended = clustercast("show", "model", str(path))
    assert ended.code == 0
    assert row(ended, "all but MTP")[0] == "671,026,419,200"
    told = json.loads(clustercast("show", "model", str(path), "--json").out)
    assert told["entry"]["attention"]["kv_rank"] == 512


def test_an_unknown_architecture_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(LLAMA | {"architectures": ["FalconForCausalLM"]}))
    ended = clustercast("show", "model", str(path))
    assert ended.code == 3
    assert "FalconForCausalLM" in ended.err
