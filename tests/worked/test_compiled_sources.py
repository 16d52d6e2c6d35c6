"""A compilation is known by all sources that went into it, so that none of other sources is taken from the cache."""

from __future__ import annotations

from pathlib import Path

from simulator.serving.world.sources import stamp_of


def test_the_stamp_follows_compiled_files_and_shared_state_and_nothing_else(tmp_path: Path) -> None:
    for name, text in {"loop.py": "@njit", "state.py": "A = 1", "door.py": "B = 1"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    loop = str(tmp_path / "loop.py")
    stamps = [stamp_of(loop)]
    for name in ("door.py", "state.py", "loop.py"):
        path = tmp_path / name
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        stamps.append(stamp_of(loop))
    assert stamps[0] == stamps[1]
    assert len(set(stamps)) == 3
