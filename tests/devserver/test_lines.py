"""Lines out of a byte stream."""

from hypothesis import given
from hypothesis import strategies as st

from nundb_devserver.framing.lines import LineBuffer, LineTooLongError
from tests.cuts import cut, peak_memory, sizes, taken

LIMIT = 32


def lines_of(data: bytes, lengths: list[int]) -> tuple[list[bytes], bool]:
    """Return the lines that come out, and whether the limit was met."""
    buffer = LineBuffer(LIMIT)
    lines: list[bytes] = []
    try:
        for piece in cut(data, lengths):
            lines += buffer.receive_data(piece)
    except LineTooLongError:
        return lines, True
    return lines, False


@given(lines=st.lists(st.binary(max_size=LIMIT).map(lambda line: line.replace(b"\n", b"")), max_size=8), lengths=sizes)
def test_lines_come_out_as_they_went_in_however_they_are_cut(lines: list[bytes], lengths: list[int]) -> None:
    """Every line up to the limit arrives, and an unfinished one is not told."""
    data = b"".join(line + b"\n" for line in lines)
    assert lines_of(data + b"unfinished", lengths) == (lines, False)


@given(data=st.binary(max_size=200), lengths=sizes)
def test_no_line_is_longer_than_the_limit(data: bytes, lengths: list[int]) -> None:
    """Whether the limit is met depends on the bytes alone; what came out before it is the beginning of the data."""
    lines, is_over = lines_of(data, lengths)
    assert is_over == any(len(line) > LIMIT for line in data.split(b"\n"))
    assert data.startswith(b"".join(line + b"\n" for line in lines))
    assert all(len(line) <= LIMIT for line in lines)


def test_an_endless_line_is_given_up_at_the_limit() -> None:
    """A peer that never ends its line makes us hold no more than the limit and one arrival."""
    with peak_memory(400_000):
        assert taken(LineBuffer(100_000).receive_data, b"x" * 1000, refusal=LineTooLongError) == 100_000
