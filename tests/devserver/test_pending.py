"""Operations that wait for acknowledgements."""

from nundb_devserver.data.averages import MovingAverage
from nundb_devserver.data.pending import PendingOperations


class Desk:
    """Pending operations with a clock that is set by hand, in milliseconds."""

    def __init__(self) -> None:
        self.milliseconds = 0
        self.warnings: list[str] = []
        self.average = MovingAverage()
        self.pending = PendingOperations(lambda: self.milliseconds * 1_000_000, self.average, self.warnings.append)


def test_an_operation_is_done_when_every_server_has_acknowledged() -> None:
    """Each first acknowledgement is a sample of the average, in whole milliseconds since the registration."""
    desk = Desk()
    assert desk.pending.register(7, "set-primary a", "b") == "rp 7 set-primary a"
    desk.pending.register(7, "set-primary a", "c")
    desk.milliseconds = 40
    desk.pending.acknowledge(7, "b")
    assert len(desk.pending) == 1
    assert desk.average.value == 40.0
    desk.pending.acknowledge(7, "c")
    assert len(desk.pending) == 0
    assert not desk.warnings


def test_only_the_first_acknowledgement_of_a_server_counts() -> None:
    """A second one, one of a server that was not asked, and one of an unknown operation are only warned of."""
    desk = Desk()
    desk.pending.register(7, "m", "b")
    desk.pending.register(7, "m", "c")
    for operation_id, server in ((7, "b"), (7, "b"), (7, "d"), (8, "b")):
        desk.pending.acknowledge(operation_id, server)
    assert desk.warnings == [
        "trying to ack 7 but already ack from the server b",
        "trying to ack 7 but not pedding from the server d",
        "Acknowledging invalid opp 8",
    ]
    assert desk.pending.texts() == [
        'message: "m", opp_id: 7, ack_count: 1, replicate_count: 2, replications: , b:true, c:false, d:true'
    ]
    assert desk.pending.texts(with_servers=False) == ['message: "m", opp_id: 7, ack_count: 1, replicate_count: 2 ']


def test_two_snapshots_that_overlap_are_never_done() -> None:
    """They share id 0: the second message is never sent, and the counts never meet."""
    desk = Desk()
    assert desk.pending.register(0, "replicate-snapshot t false", "b") == "rp 0 replicate-snapshot t false"
    assert desk.pending.register(0, "replicate-snapshot d2 false", "b") == "rp 0 replicate-snapshot t false"
    desk.pending.acknowledge(0, "b")
    desk.pending.acknowledge(0, "b")
    assert len(desk.pending) == 1
