"""Which ports are free."""

import pytest

from nundb_devserver import first_taken, free_port, free_row, is_free
from tests.wire.ports import taken


def test_a_port_that_is_listened_on_is_not_free() -> None:
    """And is again, once it is not."""
    port = free_port()
    with taken(port):
        assert not is_free(port)
        assert first_taken([free_port(), port]) == port
    assert is_free(port)
    assert first_taken([port]) is None


def test_no_port_is_handed_out_twice() -> None:
    """Although none of them is used meanwhile."""
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50


def test_a_row_goes_around_a_port_that_is_taken() -> None:
    """All of its ports are free."""
    with taken(free_port() + 2) as port:
        row = free_row(5)
        assert port not in range(row, row + 5)


def test_ports_lie_below_those_of_outgoing_connections() -> None:
    """So that none is lost between the choice and the use."""
    with taken() as outgoing:
        assert free_port() < outgoing


def test_a_row_that_is_too_long_is_an_error() -> None:
    """Longer than there are ports."""
    with pytest.raises(OSError, match="no 60000 free ports"):
        free_row(60_000)
