"""The clients: one interface for every transport, chosen by the scheme of the node's URL."""

from collections.abc import Callable
from typing import Final

from nundb_exporter.client.http import HttpTransport
from nundb_exporter.client.tcp import TcpTransport
from nundb_exporter.client.transport import Transport
from nundb_exporter.client.websocket import WebSocketTransport
from nundb_exporter.config.settings import Endpoint, Tls

TRANSPORTS: Final[dict[str, Callable[[Endpoint, Tls], Transport]]] = {
    "http": HttpTransport,
    "https": HttpTransport,
    "tcp": TcpTransport,
    "ws": WebSocketTransport,
    "wss": WebSocketTransport,
}


def open_transport(endpoint: Endpoint, tls: Tls) -> Transport:
    """Return the transport for the endpoint's scheme; it connects at the first request.

    Raises:
        ConfigError: a file of the TLS settings is unusable.
    """
    return TRANSPORTS[endpoint.scheme](endpoint, tls)
