"""Operations that wait for acknowledgements, from registration to last ack (replication_ops.rs; protocol notes 5.2).

Nothing but an acknowledgement ever removes an entry: no timeout, no member that leaves, no re-send. That is the
behaviour of the original that this project exists to show.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from nundb_devserver.data.averages import MovingAverage


@dataclass(slots=True)
class PendingOperation:
    """One operation and the servers that it was sent to."""

    operation_id: int
    message: str
    registered_at: int
    sent: int = 0
    acknowledged: int = 0
    servers: dict[str, bool] = field(default_factory=dict)

    @property
    def is_acknowledged(self) -> bool:
        """Whether there are as many acknowledgements as sendings."""
        return self.acknowledged == self.sent

    def text(self, *, with_servers: bool) -> str:
        """Return the entry as `debug pending-ops` prints it, a comma after `replications:` (protocol notes 5.4)."""
        entry = (
            f'message: "{self.message}", opp_id: {self.operation_id}, '
            f"ack_count: {self.acknowledged}, replicate_count: {self.sent}"
        )
        if not with_servers:
            return f"{entry} "
        servers = "".join(f", {name}:{str(is_acknowledged).lower()}" for name, is_acknowledged in self.servers.items())
        return f"{entry}, replications: {servers}"


class PendingOperations:
    """Every operation that some server has yet to acknowledge, by operation id.

    `monotonic` gives nanoseconds; `average` gets a sample, in whole milliseconds, for each first acknowledgement of an
    operation by a server; `warn` is told what does not fit.
    """

    def __init__(self, monotonic: Callable[[], int], average: MovingAverage, warn: Callable[[str], None]) -> None:
        self._monotonic = monotonic
        self._average = average
        self._warn = warn
        self._operations: dict[int, PendingOperation] = {}

    def __len__(self) -> int:
        return len(self._operations)

    def get(self, operation_id: int) -> PendingOperation | None:
        """Return an operation that is still pending."""
        return self._operations.get(operation_id)

    def register(self, operation_id: int, message: str, server: str) -> str:
        """Note that an operation goes to one more server, and return the line to send.

        An id that is already there keeps its first message: with every snapshot under id 0, the second of two that
        overlap is never sent, and the entry is never complete.
        """
        operation = self._operations.get(operation_id)
        if operation is None:
            operation = self._operations[operation_id] = PendingOperation(operation_id, message, self._monotonic())
        operation.sent += 1
        operation.servers[server] = False
        return f"rp {operation_id} {operation.message}"

    def acknowledge(self, operation_id: int, server: str) -> None:
        """Take an acknowledgement; only a server's first one of an operation counts."""
        operation = self._operations.get(operation_id)
        if operation is None:
            self._warn(f"Acknowledging invalid opp {operation_id}")
            return
        known = operation.servers.get(server)
        operation.servers[server] = True
        if known is None:
            self._warn(f"trying to ack {operation_id} but not pedding from the server {server}")  # sic
        elif known:
            self._warn(f"trying to ack {operation_id} but already ack from the server {server}")
        else:
            operation.acknowledged += 1
            self._average.add((self._monotonic() - operation.registered_at) // 1_000_000)
            if operation.is_acknowledged:
                del self._operations[operation_id]

    def texts(self, *, with_servers: bool = True) -> list[str]:
        """Return every entry as `debug pending-ops` prints it."""
        return [operation.text(with_servers=with_servers) for operation in self._operations.values()]
