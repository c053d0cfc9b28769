"""The interface of a transport, and the translation of socket errors into ours."""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Protocol

from nundb_exporter.config.settings import Endpoint, Tls
from nundb_exporter.errors import ConfigError, ProtocolError, Reason, TargetError
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.replies import Reply
from nundb_exporter.system_errors import cause_of


class Transport(Protocol):
    """A way to ask one node.

    It has no deadline: the caller cancels it. A cancelled request leaves no connection behind on which the next one
    could receive its late answer.
    """

    async def execute(self, commands: Sequence[Command[object]]) -> list[Reply]:
        """Run the commands in one session, and return a reply for each.

        Raises:
            TargetError: reason connect, if the node cannot be reached or closes the connection.
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
        raise ProtocolError("the answer to auth is not Nun-db's")


@contextmanager
def network_errors(endpoint: Endpoint) -> Iterator[None]:
    """Turn the errors of sockets and TLS into TargetError.

    A refused certificate is a connection error: no command was sent, so the node did not refuse the credentials.
    """
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise TargetError(Reason.CONNECT, f"{endpoint.authority}: TLS: {error.verify_message}") from error
    except ssl.SSLError as error:
        raise TargetError(Reason.CONNECT, f"{endpoint.authority}: TLS: {error.reason or 'failed'}") from error
    except OSError as error:
        raise TargetError(Reason.CONNECT, f"{endpoint.authority}: {cause_of(error)}") from error


def client_context(endpoint: Endpoint, tls: Tls) -> ssl.SSLContext | None:
    """Return the TLS context for the endpoint, or None if it does not use TLS.

    Raises:
        ConfigError: a file cannot be read or is not PEM.
    """
    return _context(tls) if endpoint.is_secure else None


# Loading all CA certificates takes longer than a scrape, and each scrape may probe the transports.
@lru_cache(maxsize=8)
def _context(tls: Tls) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
    except (OSError, ssl.SSLError):
        setting = f"--nundb.tls.ca-file {tls.ca_file}"
        raise ConfigError(setting, "cannot be read as PEM", "name a file of CA certificates") from None
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.cert_file:
        try:
            context.load_cert_chain(tls.cert_file, tls.key_file)
        except (OSError, ssl.SSLError):
            setting = f"--nundb.tls.cert-file {tls.cert_file}"
            cure = "name a certificate and its key, both PEM"
            raise ConfigError(setting, "cannot be read with its key", cure) from None
    return context
