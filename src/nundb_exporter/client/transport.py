"""What a transport is, and the border where the errors of sockets become ours."""

import os
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Final, Protocol

from nundb_exporter.config.settings import Endpoint, Tls
from nundb_exporter.errors import ConfigError, ProtocolError, Reason, TargetError
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.replies import Reply

NEXT_ADDRESS_SECONDS: Final = 0.25
"""Where a name has several addresses, one that is silent for so long must not use up the scrape (RFC 8305)."""


class Transport(Protocol):
    """A way to ask one node.

    It knows no deadline: whoever asks cancels it. A cancelled question leaves no connection behind that could give
    its late answer to the next one.
    """

    async def execute(self, commands: Sequence[Command]) -> list[Reply]:
        """Run the commands in one session, and return a reply for each.

        Raises:
            TargetError: reason connect, when the node cannot be reached or hangs up.
            ProtocolError: what came back is not Nun-db's.
        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


def check_proof(endpoint: Endpoint, proof: Reply) -> None:
    """Judge the reply to `auth`.

    Nun-db refuses with every sign of success: HTTP 200, `ok` on TCP (protocol notes 2.1).

    Raises:
        TargetError: reason auth, when the credentials are refused.
        ProtocolError: the reply is not Nun-db's.
    """
    if proof.text == "invalid auth":
        raise TargetError(Reason.AUTH, f"{endpoint.authority}: invalid user or password")
    if proof.text != "valid auth":
        raise ProtocolError("the answer to auth is not Nun-db's")


@contextmanager
def network_errors(endpoint: Endpoint) -> Iterator[None]:
    """Turn what sockets and TLS raise into TargetError.

    A refused certificate is a matter of the connection: no command was sent, so the node did not refuse us.
    """
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise TargetError(Reason.CONNECT, f"{endpoint.authority}: TLS: {error.verify_message}") from error
    except ssl.SSLError as error:
        raise TargetError(Reason.CONNECT, f"{endpoint.authority}: TLS: {error.reason or 'failed'}") from error
    except OSError as error:
        raise TargetError(Reason.CONNECT, f"{endpoint.authority}: {cause_of(error)}") from error


def cause_of(error: OSError) -> str:
    """Return the system's own words for what went wrong, without addresses: asyncio's texts repeat those."""
    if isinstance(error, socket.gaierror):
        return (error.strerror or "name unknown").lower()
    if error.errno is not None:
        return os.strerror(error.errno).lower()
    # asyncio joins the errors of a name's addresses to one text, and leaves only that.
    return "none of its addresses can be reached" if str(error).startswith("Multiple") else str(error).lower()


def client_context(endpoint: Endpoint, tls: Tls) -> ssl.SSLContext | None:
    """Return the TLS context for the endpoint, or None where it speaks plain.

    Raises:
        ConfigError: a file cannot be read or is not PEM.
    """
    return _context(tls) if endpoint.is_secure else None


# Loading all CA certificates takes longer than a scrape, and each scrape may try transports anew.
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
