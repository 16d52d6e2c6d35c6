"""Files that would hang, exhaust memory or confuse: each ends in one clear message, cheaply."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from topologies.spec import InvalidInput, Spec, load

LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)
HOSTILE: dict[str, tuple[bytes, str]] = {
    "nested brackets": (b"[" * 100_000, "nested deeper than 64 levels"),
    "nested braces": (b"{a: " * 60_000, "nested deeper than 64 levels"),
    "nested dashes": (b"- " * 100_000, "nested deeper than 64 levels"),
    "nested question marks": (b"? " * 100_000, "nested deeper than 64 levels"),
    "nested indents": ("".join(" " * i + "a:\n" for i in range(600)).encode(), "nested deeper than 64 levels"),
    "a billion laughs": (LAUGHS.encode(), "more than 1,000 aliases, or than 100,000 values once they are expanded"),
    "a million values": (b"- a\n" * 50_000, "more than 10,000 values"),
    "a large file": (b"a: '" + b"x" * 50_000_000, "larger than 250,000 bytes"),
    "many aliases": (b"a: &a 1\nb: [" + b"*a," * 5_000 + b"]", "more than 1,000 aliases"),
    "an anchor in itself": (b"a: &a [*a]", "stands inside its own anchor"),
    "an alias to nothing": (b"a: *b", "has no anchor `&b` before it"),
    "an empty file": (b"", "the file is empty"),
    "only comments": (b"# nothing\n", "the file is empty"),
    "only null": (b"null", "the file is empty"),
    "two documents": (b"a: 1\n---\na: 2\n", "a second document"),
    "a binary file": (bytes(range(256)) * 10, "not UTF-8 text"),
    "null bytes": (b"a: \x00\n", "a character that does not belong into a text file"),
    "another encoding": ("a: ü".encode("utf-16"), "not UTF-8 text"),
    "a tab": (b"a:\n\tb: 1\n", "a tab; indent with spaces"),
    "an open bracket": (b"a: [1, 2\nb: 3\n", "not closed"),
    "an open quote": (b"a: 'x\n", "not closed"),
    "two colons": (b"a: b: c\n", "a `:` where none may stand; quote the text"),
    "crooked indents": (b"a:\n   b: 1\n  c: 2\n", "the indentation does not match the lines above"),
    "no colon": (b"a\nb: 1\n", "see to colon and indents above"),
    "a name alone": (b"a: 1\nb\n", "expected `name: value`"),
    "a list as a name": (b"[1]: 2\n", "a list or a mapping cannot be a name"),
    "a python object": (b"!!python/object:os.system {}\n", "the tag"),
    "a merge key": (b"<<: {a: 1}\n", "merge keys are not read"),
    "a bare list": (b"- 1\n", "read a list; write a mapping"),
    "a bare word": (b"hello\n", "read `hello`; write a mapping"),
    "a digit too many": (b"a: " + b"9" * 100_000, "whole numbers go up to"),
    "an exponent too many": (b"a: 1e" + b"9" * 1000, "write a finite number"),
}


class Anything(Spec):
    """Takes one number."""

    a: int = 0


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_ends_in_one_clear_message(case: str, tmp_path: Path) -> None:
    content, words = HOSTILE[case]
    file = tmp_path / "hostile.yaml"
    file.write_bytes(content)
    with pytest.raises(InvalidInput) as refused:
        load(file, Anything)
    message = str(refused.value)
    assert words in message
    assert message.startswith(f"{file}:")
    assert "\n" not in message
    assert len(message) < 400


def test_all_of_them_stay_within_200_mb_and_seconds(tmp_path: Path) -> None:
    for number, (content, _) in enumerate(HOSTILE.values()):
        (tmp_path / f"{number}.yaml").write_bytes(content)
    script = """
import resource, sys, time
from pathlib import Path
from tests.worked.test_hostile_files import Anything, InvalidInput, load
base, slowest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0.0
for file in Path(sys.argv[1]).iterdir():
    start = time.process_time()
    try:
        load(file, Anything)
    except InvalidInput:
        slowest = max(slowest, time.process_time() - start)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base, slowest)
"""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", script, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root, env=environment)
    more_kib, slowest_s = map(float, run.stdout.split())
    assert more_kib < 200_000
    assert slowest_s < 5


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("scenarios.yaml", "no such file (did you mean `{folder}/scenario.yaml`?)"),
        ("zzz", "no such file; YAML files in `{folder}`: scenario.yaml"),
        ("no/such.yaml", "no such file; the folder `{folder}/no` does not exist either"),
        (".", "this is a folder; give a YAML file in it"),
        ("pipe", "this is not a regular file"),
    ],
)
def test_a_path_that_is_no_file_is_told_what_is_there(name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "scenario.yaml").write_text("a: 1\n")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput) as refused:
        load(tmp_path / name, Anything)
    assert str(refused.value) == f"{tmp_path / name}: {words.format(folder=tmp_path)}"


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 3\r\n")
    assert load(file, Anything).a == 3
