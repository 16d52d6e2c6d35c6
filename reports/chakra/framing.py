"""Messages of a trace one behind the other, each after its length (as mlcommons/chakra's protolib writes them)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from topologies.problems import InvalidInput, Problem

LOW_BITS, MORE = 0x7F, 0x80
LONGEST_BITS = 35
"""Lengths are varints of 32 bits, seven in a byte."""


def framed(message: bytes) -> bytes:
    """A message behind its length as a varint."""
    length, head = len(message), bytearray()
    while length > LOW_BITS:
        head.append(length & LOW_BITS | MORE)
        length >>= LOW_BITS.bit_length()
    head.append(length)
    return bytes(head) + message


def unframed(data: bytes, file: Path) -> Iterator[bytes]:
    """The messages of a file. Raises InvalidInput where it ends in the middle of one."""
    at = 0
    while at < len(data):
        length, shift, began = 0, 0, at
        while True:
            if at == len(data) or shift >= LONGEST_BITS:
                raise broken(file, f"no length of a message at byte {began}")
            byte = data[at]
            length |= (byte & LOW_BITS) << shift
            at, shift = at + 1, shift + LOW_BITS.bit_length()
            if not byte & MORE:
                break
        if at + length > len(data):
            raise broken(file, f"ends in the middle of the message at byte {began}")
        yield data[at : at + length]
        at += length


def broken(file: Path, why: str) -> InvalidInput:
    """The error of a file that is no trace."""
    return InvalidInput([Problem(str(file), 0, 0, "", f"no Chakra trace: {why}")])
