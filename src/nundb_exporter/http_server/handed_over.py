"""Listening sockets that systemd has opened (sd_listen_fds(3)): LISTEN_PID, LISTEN_FDS."""

import os
import socket
from collections.abc import Mapping
from typing import Final

from nundb_exporter.http_server.listening import Listener, ListenError

_FIRST: Final = 3
"""The first descriptor that is handed over, by the protocol."""


def handed_over(environment: Mapping[str, str], first: int = _FIRST) -> list[Listener]:
    """Return the sockets that this process was given; none if it was given none.

    Raises:
        ListenError: what was handed over is not a listening stream socket.
    """
    if environment.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = environment.get("LISTEN_FDS", "")
    if not count.isdecimal():
        return []
    return [_listener(descriptor) for descriptor in range(first, first + int(count))]


def _listener(descriptor: int) -> Listener:
    os.set_inheritable(descriptor, False)
    given = socket.socket(fileno=descriptor)
    if given.type != socket.SOCK_STREAM or not given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        given.detach()
        raise ListenError(
            f"descriptor {descriptor}", "not a listening stream socket", "use ListenStream= and Accept=no in the unit"
        )
    return Listener(given)
