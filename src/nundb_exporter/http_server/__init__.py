"""A small HTTP/1.1 server on asyncio and llhttp: a request in, a response out. It knows nothing of what it serves."""

from nundb_exporter.http_server.handed_over import handed_over
from nundb_exporter.http_server.limits import Limits
from nundb_exporter.http_server.listening import Listener, ListenError, listen, listen_unix
from nundb_exporter.http_server.messages import Answer, Handler, Request, Response
from nundb_exporter.http_server.router import Router
from nundb_exporter.http_server.server import Server

__all__ = [
    "Answer",
    "Handler",
    "Limits",
    "ListenError",
    "Listener",
    "Request",
    "Response",
    "Router",
    "Server",
    "handed_over",
    "listen",
    "listen_unix",
]
