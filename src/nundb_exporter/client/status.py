"""What an HTTP status other than success means: Nun-db itself gives none but 500, so something else has answered.

Nun-db answers 200 to everything except invalid UTF-8 and its own panics (protocol notes 1.2).
"""

from typing import Final
from urllib.parse import urlsplit

from nundb_exporter.config.settings import Endpoint
from nundb_exporter.errors import NundbExporterError, ProtocolError, Reason, TargetError

_INTERNAL_ERROR: Final = 500
_NO_NODE_BEHIND: Final = frozenset({502, 503, 504, *range(520, 531), 598, 599})
"""The standard's, those of a large content network (520 to 530), and those for a time-out behind a proxy."""
_REDIRECTS: Final = range(300, 400)
_MEANINGS: Final = {
    101: "what answers there goes on in another protocol: check the scheme of the address",
    400: "it does not take this request: check the scheme and the port",
    401: "something before the node asks for a login of its own: let the exporter pass, or use the node's own address",
    403: "something before the node forbids the request: let the exporter pass, or use the node's own address",
    404: "there is no node at this address and path: check both, and which names the proxy there knows",
    405: "what answers there takes no such request: check the address, the port and the path",
    407: "a proxy asks for a login of its own: use the node's own address",
    408: "something before the node has given up waiting for the request: try again, or use the node's own address",
    413: "something before the node limits the size of requests: raise its limit, or use the node's own address",
    421: "the proxy there does not know this name: check the host of the address",
    425: "something before the node wants the request once more: use the node's own address",
    426: "what answers there wants another protocol: check the scheme of the address",
    429: "something before the node limits requests: scrape less often, or use the node's own address",
    431: "something before the node limits the size of requests: raise its limit, or use the node's own address",
    451: "something before the node forbids the request: let the exporter pass, or use the node's own address",
    500: "what answers there has failed by itself: look at its log",
    505: "what answers there does not take HTTP/1.1: use the node's own address",
    511: "the network asks for a login of its own: let the exporter pass",
}
_NOT_NUNDB: Final = "what answers there is not Nun-db: check the address, the port and the path"


class InternalServerError(ProtocolError):
    """Status 500: Nun-db gives it when a command has ended one of its four HTTP workers (protocol notes 1.2)."""


def refusal(endpoint: Endpoint, status: int, location: str) -> NundbExporterError:
    """Return the error of an answer with that status; `location` is its header of that name, empty without one.

    A proxy that has no node behind it is a failure to connect: the node has not answered.
    """
    told = f"HTTP status {status}"
    if status == _INTERNAL_ERROR:
        return InternalServerError(f"{told}: {_MEANINGS[status]}")
    if status in _NO_NODE_BEHIND:
        cause = f"answer: {told}: the proxy at {endpoint.authority} has no node behind it, or none that answers"
        return TargetError(Reason.CONNECT, cause)
    if status in _REDIRECTS:
        return ProtocolError(f"{told}: {_pointing_to(location)}, which is not followed: it would be told the password")
    return ProtocolError(f"{told}: {_MEANINGS.get(status, _NOT_NUNDB)}")


def _pointing_to(location: str) -> str:
    """Tell where a redirect points to, without its path and credentials: they may hold secrets."""
    try:
        parts = urlsplit(location)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not host.isprintable():
        return "it points to another path of the same server" if location else "it does not say where to"
    where = f"[{host}]" if ":" in host else host
    scheme = f"{parts.scheme}://" if parts.scheme.isalnum() else ""
    return f"it points to {scheme}{where}{f':{port}' if port else ''}"
