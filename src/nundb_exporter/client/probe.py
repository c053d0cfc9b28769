"""Probes a transport: whether it answers, and how fast. No command is executed, and nothing is sent over TCP.

The first command on a TCP connection would switch its thread in Nun-db to polling (protocol notes 1.1).
"""

import time
from collections.abc import Callable
from typing import Final

from nundb_exporter.client.http import HttpTransport
from nundb_exporter.client.tcp import TcpTransport
from nundb_exporter.client.transport import Transport
from nundb_exporter.client.websocket import WebSocketTransport
from nundb_exporter.config.settings import Endpoint, Tls, TransportPorts
from nundb_exporter.errors import NundbExporterError

_SCHEMES: Final[dict[str, tuple[Callable[[Endpoint, Tls], Transport], str, str]]] = {
    "http": (HttpTransport, "http", "https"),
    "tcp": (TcpTransport, "tcp", "tcp"),
    "websocket": (WebSocketTransport, "ws", "wss"),
}


async def probe(transport: str, endpoint: Endpoint, ports: TransportPorts, tls: Tls) -> float | None:
    """Return the seconds until the transport answered, or None if it does not.

    The probe is a session without commands: an empty body, a greeting, or a handshake. If the endpoint uses TLS, so do
    HTTP and WebSocket.
    """
    make, plain, secure = _SCHEMES[transport]
    port: int = getattr(ports, transport)
    scheme = secure if endpoint.is_secure else plain
    started = time.perf_counter()
    opened = make(Endpoint(scheme, endpoint.host, port), tls)
    try:
        await opened.execute(())
    except NundbExporterError:
        return None
    finally:
        await opened.close()
    return time.perf_counter() - started
