"""Who may have a connection, without a socket and with a clock of our own."""

import resource

import pytest

from nundb_exporter.http_server.places import Places, seats_for


class Client:
    """A connection that notes its end."""

    def __init__(self) -> None:
        self.is_aborted = False

    def abort(self) -> None:
        """Note it."""
        self.is_aborted = True


def filled(seats: int, patience: float = 1.0) -> tuple[Places[Client], list[Client]]:
    """Return places that are all taken, by one client each second."""
    places: Places[Client] = Places(seats, patience)
    clients = [Client() for _ in range(seats)]
    for second, client in enumerate(clients):
        assert places.enter(client, second)
    return places, clients


def test_the_longest_silent_makes_room() -> None:
    """The one that asked last stays; the one that is being answered stays in any case."""
    places, (first, second, third) = filled(3)
    places.speaks(first)
    places.speaks(second)
    places.falls_silent(second, 10)
    assert places.enter(Client(), 20)
    assert [client.is_aborted for client in (first, second, third)] == [False, False, True]
    assert places.enter(Client(), 20)
    assert [client.is_aborted for client in (first, second, third)] == [False, True, True]


def test_a_client_is_given_time_to_speak() -> None:
    """A burst of clients must not throw out one another before they were heard."""
    places, clients = filled(3, patience=5)
    assert not places.enter(Client(), 4)
    assert places.enter(Client(), 5)
    assert [client.is_aborted for client in clients] == [True, False, False]


def test_where_all_are_being_answered_the_next_is_turned_away() -> None:
    """It may stay to be told so; if many are, the earliest goes."""
    places, clients = filled(8)
    for client in clients:
        places.speaks(client)
    turned_away = [Client() for _ in range(4)]
    assert not any(places.enter(client, 100) for client in turned_away)
    assert [client.is_aborted for client in turned_away] == [True, True, False, False]
    assert not any(client.is_aborted for client in clients)
    places.leave(clients[0])
    assert places.enter(Client(), 100)


def test_one_that_was_turned_away_takes_no_place_by_falling_silent() -> None:
    """Only those that have a place are counted."""
    places, (first,) = filled(1)
    places.speaks(first)
    second = Client()
    assert not places.enter(second, 10)
    places.falls_silent(second, 10)
    places.leave(first)
    assert places.enter(Client(), 10)
    assert places.enter(Client(), 20)


async def test_it_is_known_when_all_have_left() -> None:
    """Whatever they were doing."""
    places, (first, second) = filled(2)
    places.speaks(first)
    assert set(places.all) == {first, second}
    places.leave(first)
    places.leave(second)
    places.leave(second)
    assert places.all == []
    await places.wait_until_empty()


@pytest.mark.parametrize(("descriptors", "seats"), [(500, 250), (64, 32), (1, 1), (5000, 1000)])
def test_half_of_the_descriptors_are_left_to_others(descriptors: int, seats: int) -> None:
    """Whatever the limit of connections says."""
    assert seats_for(1000, descriptors) == seats


def test_a_process_may_have_no_limit_of_descriptors() -> None:
    """Then the limit of connections holds."""
    assert seats_for(1000, resource.RLIM_INFINITY) == 1000
