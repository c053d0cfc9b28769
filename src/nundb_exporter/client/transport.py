"""The interface of a transport, and the failures that all transports tell alike."""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from nundb_exporter.client.tls import cause_of_tls
from nundb_exporter.config.settings import Endpoint
from nundb_exporter.errors import ProtocolError, Reason, TargetError
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.replies import Reply
from nundb_exporter.system_errors import cause_of


class Transport(Protocol):
    """A way to ask one node."""

    @property
    def clock_offset(self) -> float | None:
        """By how many seconds the node's clock was ahead at its last answer; None if this transport does not tell."""
        ...

    async def execute(self, commands: Sequence[Command[object]], deadline: float) -> list[Reply]:
        """Run the commands in one session, and return a reply for each.

        It ends by `deadline`, by the event loop's clock, and may be cancelled before: no connection is left behind on
        which the next request could receive a late answer. Commands may be sent twice, on two connections: all that
        the exporter sends only reads.

        Raises:
            TargetError: reason connect, if the node cannot be reached or closes the connection; reason timeout, if it
                has taken the connection and does not answer in time.
            ProtocolError: the answer is not Nun-db's.
        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


def check_proof(endpoint: Endpoint, proof: Reply) -> None:
    """Check the reply to `auth`.

    A refusal looks like a success otherwise: HTTP 200, `ok` on TCP (protocol notes 2.1).

    Raises:
        TargetError: reason auth, if the credentials are refused.
        ProtocolError: the reply is not Nun-db's.
    """
    if proof.text == "invalid auth":
        raise TargetError(Reason.AUTH, f"{endpoint.authority}: invalid user or password")
    if proof.text != "valid auth":
        raise ProtocolError("the reply to auth is not Nun-db's: check the address, the port and the path")


def too_late(endpoint: Endpoint, *, is_begun: bool) -> TargetError:
    """Return the failure of a node that took the connection; `is_begun` says whether it answered at all."""
    what = "answer: not complete in time" if is_begun else "request: connected, and not answered in time"
    return TargetError(Reason.TIMEOUT, f"{endpoint.authority}: {what}")


def unreadable(endpoint: Endpoint, error: ProtocolError) -> TargetError:
    """Return the failure of a node whose answer is not Nun-db's."""
    return TargetError(Reason.PROTOCOL, f"{endpoint.authority}: answer: {error}")


def closed(endpoint: Endpoint, *, is_begun: bool) -> TargetError:
    """Return the failure of a node that closed the connection; `is_begun` says whether it answered at all."""
    what = "answer: closed before it was complete" if is_begun else "request: closed without an answer"
    return TargetError(Reason.CONNECT, f"{endpoint.authority}: {what}")


@contextmanager
def broken_connections(endpoint: Endpoint) -> Iterator[None]:
    """Turn the errors of an open connection into TargetError.

    A certificate that the node refuses shows only here, after the handshake; no command has run then.
    """
    try:
        yield
    except ssl.SSLError as error:
        raise TargetError(Reason.CONNECT, f"{endpoint.authority}: TLS: {cause_of_tls(error)}") from error
    except OSError as error:
        raise TargetError(Reason.CONNECT, f"{endpoint.authority}: request: {cause_of(error)}") from error
