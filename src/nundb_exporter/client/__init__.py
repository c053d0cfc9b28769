"""The clients: one interface for every transport, chosen by the scheme of the node's URL."""

from nundb_exporter.client.caution import Caution, CautiousTransport
from nundb_exporter.client.http import HttpTransport
from nundb_exporter.client.route import DIRECT, Route
from nundb_exporter.client.tcp import TcpTransport
from nundb_exporter.client.transport import Transport
from nundb_exporter.config.settings import Endpoint, Tls, TransportPorts, neighbouring_ports


def open_transport(
    endpoint: Endpoint,
    tls: Tls,
    ports: TransportPorts | None = None,
    route: Route = DIRECT,
    caution: Caution | None = None,
) -> Transport:
    """Return the transport for the endpoint's scheme; it connects at the first request.

    `ports` are those of the node's transports, by default the neighbours of the endpoint's. `caution` is what is
    known of the node by others that ask it.

    Raises:
        ConfigError: a file of the TLS settings is unusable.
    """
    match endpoint.scheme:
        case "tcp":
            return TcpTransport(endpoint, tls, route)
        case "ws" | "wss":
            from nundb_exporter.client.websocket import WebSocketTransport  # noqa: PLC0415 - costs 20 ms: where needed

            return WebSocketTransport(endpoint, tls, route)
    tcp = Endpoint("tcp", endpoint.host, (ports or neighbouring_ports(endpoint))["tcp"])
    http = HttpTransport(endpoint, tls, route=route)
    return CautiousTransport(endpoint, http, TcpTransport(tcp, tls, route), caution)
