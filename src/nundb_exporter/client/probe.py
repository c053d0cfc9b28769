"""Probes a transport: whether it answers, and how fast. No command is executed, and nothing is sent over TCP.

The first command on a TCP connection would switch its thread in Nun-db to polling (protocol notes 1.1).
"""

import time
from typing import Final

from nundb_exporter.client import open_transport
from nundb_exporter.client.route import DIRECT, Route
from nundb_exporter.config.settings import Endpoint, Tls, TransportName, TransportPorts
from nundb_exporter.errors import NundbExporterError

_SCHEMES: Final[dict[TransportName, tuple[str, str]]] = {
    "http": ("http", "https"),
    "tcp": ("tcp", "tcp"),
    "websocket": ("ws", "wss"),
}
"""The scheme of each transport, without and with TLS."""


async def probe(
    transport: TransportName,
    endpoint: Endpoint,
    ports: TransportPorts,
    tls: Tls,
    deadline: float,
    *,
    route: Route = DIRECT,
) -> float | None:
    """Return the seconds until the transport answered, or None if it does not until the deadline.

    The probe is a session without commands: an empty body, a greeting, or a handshake. If the endpoint uses TLS, so do
    HTTP and WebSocket.
    """
    plain, secure = _SCHEMES[transport]
    scheme = secure if endpoint.is_secure else plain
    started = time.perf_counter()
    opened = open_transport(Endpoint(scheme, endpoint.host, ports[transport]), tls, route=route)
    try:
        await opened.execute((), deadline)
    except NundbExporterError:
        return None
    finally:
        await opened.close()
    return time.perf_counter() - started
