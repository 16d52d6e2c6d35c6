"""A trace's bytes by hand: lengths, field numbers and types of MLCommons' schema, without its library."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.chakra.encode import comm_size_bytes
from reports.chakra.framing import framed, unframed
from reports.chakra.read import read_chakra
from reports.chakra.replay import replay
from reports.chakra.write import GROUPS, write_chakra
from simulator.phase_work import Collective
from tests.traced import graph, planned
from topologies.problems import InvalidInput

VARINT, EIGHT_BYTES, LENGTH = 0, 1, 2
ID, NAME, TYPE, DATA_DEPS, START, DURATION, ATTR = 1, 2, 3, 5, 6, 7, 10
DOUBLE_VAL, INT32_VAL, INT64_VAL, UINT64_VAL, BOOL_VAL, STRING_VAL = 3, 7, 9, 13, 27, 29
COMP_NODE, COMM_SEND_NODE, COMM_RECV_NODE, COMM_COLL_NODE = 4, 5, 6, 7
ALL_TO_ALL = 6

Field = tuple[int, int, int | bytes]


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, low ones first, and the place behind it."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data: bytes) -> Iterator[Field]:
    """Number, wire type and value of each field of a message."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = varint(data, at)
            yield number, wire, value
        else:
            length, at = (8, at) if wire == EIGHT_BYTES else varint(data, at)
            yield number, wire, data[at : at + length]
            at += length


def attributes(node: bytes) -> dict[str, tuple[int, int | bytes]]:
    """Name of each attribute -> field of its value, value."""
    found: dict[str, tuple[int, int | bytes]] = {}
    value: tuple[int, int | bytes]
    for number, _, message in fields(node):
        if number == ATTR and isinstance(message, bytes):
            name, value = "", (0, b"")
            for inner, _, told in fields(message):
                if inner == 1 and isinstance(told, bytes):
                    name = told.decode()
                else:
                    value = (inner, told)
            found[name] = value
    return found


def messages(path: Path) -> list[bytes]:
    """The messages of a file, each behind its length."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        length, at = varint(data, at)
        found.append(data[at : at + length])
        at += length
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace of a step on two pipeline ranks."""
    made: Path = tmp_path_factory.mktemp("trace")
    write_chakra(planned("routed"), graph("routed"), made)
    return made


def plain(node: bytes) -> dict[int, int | bytes]:
    """Fields of a node but its attributes."""
    return {number: value for number, _, value in fields(node) if number != ATTR}


def test_files_are_called_prefix_rank_et(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {"llama-3-8b-h100.0.et", "llama-3-8b-h100.1.et", GROUPS}


def test_a_file_begins_with_the_version_of_the_schema(folder: Path) -> None:
    head = {number: value for number, _, value in fields(messages(folder / "llama-3-8b-h100.0.et")[0])}
    assert head[1] == b"0.0.4"


def test_a_computing_node_has_the_fields_that_the_feeder_reads(folder: Path) -> None:
    first = messages(folder / "llama-3-8b-h100.0.et")[1]
    node, told = plain(first), attributes(first)
    assert (node[ID], node[TYPE]) == (1, COMP_NODE)
    assert DATA_DEPS not in node
    wanted = next(one for one in graph("routed") if one.rank == 0)
    assert node[NAME] == wanted.name.encode()
    assert node.get(DURATION, 0) == round(wanted.seconds * 1e6)
    assert told["is_cpu_op"] == (BOOL_VAL, 0)
    assert told["num_ops"][0] == INT64_VAL
    assert told["tensor_size"] == (UINT64_VAL, round(getattr(wanted.about, "moved_bytes")))  # noqa: B009
    field, exact = told["duration_s"]
    assert field == DOUBLE_VAL and isinstance(exact, bytes)
    assert struct.unpack("<d", exact) == (wanted.seconds,)


def test_an_all_to_all_says_what_it_is_how_much_and_among_whom(folder: Path) -> None:
    nodes = [one for one in messages(folder / "llama-3-8b-h100.1.et")[1:] if plain(one)[TYPE] == COMM_COLL_NODE]
    told = next(found for found in map(attributes, nodes) if found["comm_type"][1] == ALL_TO_ALL)
    assert told["comm_type"] == (INT64_VAL, ALL_TO_ALL)
    assert told["comm_size"][0] == INT64_VAL
    field, group = told["pg_name"]
    assert field == STRING_VAL and isinstance(group, bytes)
    groups = json.loads((folder / GROUPS).read_text(encoding="utf-8"))
    assert groups[group.decode()] == [1]
    assert told["group_size"] == (INT32_VAL, 8)


def test_what_one_rank_sends_the_other_receives(folder: Path) -> None:
    ends: dict[int, list[tuple[object, ...]]] = {COMM_SEND_NODE: [], COMM_RECV_NODE: []}
    for rank in (0, 1):
        for node in messages(folder / f"llama-3-8b-h100.{rank}.et")[1:]:
            kind = plain(node)[TYPE]
            if isinstance(kind, int) and kind in ends:
                told = attributes(node)
                assert {told[name][0] for name in ("comm_src", "comm_dst", "comm_tag")} == {INT32_VAL}
                assert told["comm_src" if kind == COMM_SEND_NODE else "comm_dst"][1] == rank
                ends[kind].append(tuple(told[name][1] for name in ("comm_src", "comm_dst", "comm_tag", "comm_size")))
    assert len(ends[COMM_SEND_NODE]) == 16  # 8 micro-batches forward and as many gradients back
    assert sorted(map(str, ends[COMM_SEND_NODE])) == sorted(map(str, ends[COMM_RECV_NODE]))


def test_whole_microseconds_hold_no_error_that_grows(folder: Path) -> None:
    ends = [plain(node) for node in messages(folder / "llama-3-8b-h100.0.et")[1:]]
    own = [one for one in graph("routed") if one.rank == 0]
    off_s = [
        abs((int(node.get(START, 0)) + int(node.get(DURATION, 0))) / 1e6 - one.end_s)
        for node, one in zip(ends, own, strict=True)
    ]
    assert max(off_s) <= 0.5e-6 + 1e-12


def test_lengths_of_more_than_seven_bits_take_several_bytes() -> None:
    assert framed(b"") == b"\x00"
    assert framed(b"x" * 127)[:1] == b"\x7f"
    assert framed(b"x" * 128)[:2] == b"\x80\x01"
    assert framed(b"x" * 300)[:2] == b"\xac\x02"
    assert list(unframed(framed(b"a" * 300) + framed(b"") + framed(b"b"), Path("x"))) == [b"a" * 300, b"", b"b"]


def test_sizes_are_those_with_which_direct_collectives_send_as_much() -> None:
    def size(operation: str, ranks: int) -> float:
        return comm_size_bytes(Collective(operation, "experts", 60.0, 30.0), ranks)  # type: ignore[arg-type]

    assert size("all-to-all", 10) == pytest.approx(100)  # each of 10 sends nine tenths of 100
    assert size("reduce-scatter", 10) == pytest.approx(100)
    assert size("all-gather", 10) == pytest.approx(10)  # and its 10 nine times
    assert size("all-reduce", 10) == pytest.approx(50)
    assert size("all-to-all", 1) == 90


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\x85", "no length of a message at byte 0"),
        (b"\x05ab", "ends in the middle of the message at byte 0"),
        (b"\x00\x02\xff\xff", "no Chakra trace"),
        (b"\x00\x02\x08\x01\x02\x08\x01", "two nodes have the id 1"),
        (b"\xff" * 6, "no length"),
    ],
)
def test_a_file_that_is_no_trace_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "x.0.et").write_bytes(data)
    with pytest.raises(InvalidInput, match=said):
        read_chakra(tmp_path)


def test_a_folder_without_a_trace_or_with_two_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no PREFIX"):
        read_chakra(tmp_path / "nowhere")
    for name in ("a.0.et", "b.0.et"):
        (tmp_path / name).write_bytes(b"\x00")
    with pytest.raises(InvalidInput, match="traces of a, b"):
        read_chakra(tmp_path)


def test_a_trace_of_others_is_read_by_its_microseconds_and_replayed(tmp_path: Path) -> None:
    """Rank 0 computes 5 us and sends for 4; rank 1 computes 2 us, receives, computes 3 us: it ends at 5 + 4 + 3."""
    tag = attribute("comm_tag", 7) + attribute("comm_src", 0) + attribute("comm_dst", 1)
    (tmp_path / "t.0.et").write_bytes(
        b"\x00" + framed(b"\x08\x01\x18\x04\x38\x05") + framed(b"\x08\x02\x18\x05\x2a\x01\x01\x38\x04" + tag)
    )
    (tmp_path / "t.1.et").write_bytes(
        b"\x00"
        + framed(b"\x08\x01\x18\x04\x38\x02")
        + framed(b"\x08\x02\x18\x06\x22\x01\x01" + tag)
        + framed(b"\x08\x03\x18\x04\x2a\x01\x02\x38\x03")
    )
    played = replay(read_chakra(tmp_path))
    assert played["replayed_end_s"].tolist() == pytest.approx([5e-6, 9e-6, 2e-6, 9e-6, 12e-6])
    alone = replay(read_chakra(tmp_path), together=False)
    assert alone["replayed_end_s"].max() == pytest.approx(9e-6)


def attribute(name: str, value: int) -> bytes:
    """An attribute with a small int32, as a field of a node."""
    inner = b"\x0a" + framed(name.encode()) + b"\x38" + bytes([value])
    return b"\x52" + framed(inner)


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        (framed(b"\x08\x01\x18\x04\x2a\x01\x09"), "waits for node 9, which is not there"),
        (framed(b"\x08\x01\x2a\x01\x02") + framed(b"\x08\x02\x2a\x01\x01"), "2 nodes wait for each other in a circle"),
        (framed(b"\x08\x01\x18\x06" + attribute("comm_tag", 1) + attribute("comm_src", 3) + attribute("comm_dst", 0)),
         "nobody sends what rank 0 receives"),
    ],
)  # fmt: skip
def test_a_trace_that_cannot_end_is_refused(tmp_path: Path, nodes: bytes, said: str) -> None:
    (tmp_path / "t.0.et").write_bytes(b"\x00" + nodes)
    with pytest.raises(InvalidInput, match=said):
        replay(read_chakra(tmp_path))
