"""Bytes in the pieces in which a network may deliver them: some, or without end."""

import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle

from hypothesis import strategies as st

from nundb_exporter.errors import ProtocolError

sizes = st.lists(st.integers(1, 64), min_size=1, max_size=8)
"""How long the pieces are, over and over."""


def cut(data: bytes, lengths: Sequence[int]) -> Iterator[bytes]:
    """Yield the bytes in pieces of these lengths, over and over, to the end."""
    position = 0
    for length in cycle(lengths):
        if position >= len(data):
            return
        yield data[position : position + length]
        position += length


def taken(
    receive: Callable[[bytes], object],
    piece: bytes,
    at_most: int = 1_000_000,
    refusal: type[Exception] = ProtocolError,
) -> int:
    """Give the same piece over and over; return how many bytes were taken before the refusal, or all."""
    for size in range(0, at_most, len(piece)):
        try:
            receive(piece)
        except refusal:
            return size
    return at_most


@contextmanager
def peak_memory(most: int) -> Iterator[None]:
    """Fail when what runs inside holds more bytes at one moment."""
    tracemalloc.start()
    try:
        yield
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert held < most, f"{held} bytes were held at one moment"
