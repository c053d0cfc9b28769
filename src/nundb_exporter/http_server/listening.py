"""Sockets to listen on: addresses, names with several addresses, and UNIX sockets."""

import errno
import os
import socket
import stat
from pathlib import Path
from typing import Final

BACKLOG: Final = 512
"""Connections that may wait to be accepted: more than a burst of all scrapers of a large installation. (The kernel has
a limit of its own, net.core.somaxconn, 4096 on Linux.)"""
_MISSING: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
_CURES: Final = {
    errno.EADDRINUSE: ("address already in use", "choose another address, or stop the program that has it"),
    errno.EACCES: ("permission denied", "choose a port above 1023, or a directory that may be written"),
    errno.EPERM: ("permission denied", "choose another address, or change what forbids it"),
    errno.EADDRNOTAVAIL: ("this machine has no such address", "choose one that it has, or none to listen on all"),
    errno.EAFNOSUPPORT: ("this machine has no addresses of that kind", "choose one that it has"),
    errno.ENOENT: ("no such directory", "create it, or choose another path"),
    errno.EMFILE: ("too many open files", "raise the limit of open files (ulimit -n)"),
}


class ListenError(Exception):
    """An address that cannot be listened on."""

    def __init__(self, address: str, problem: str, cure: str) -> None:
        super().__init__(address, problem, cure)
        self.address = address
        self.problem = problem
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.address}: {self.problem}; {self.cure}"


class Listener:
    """A listening socket; `file` is the file of a UNIX socket, which goes when the listener is closed."""

    def __init__(self, listening: socket.socket, file: Path | None = None) -> None:
        self.socket = listening
        self.socket.setblocking(False)
        self._file = file
        self._inode = file.stat().st_ino if file else None

    @property
    def address(self) -> str:
        """The address as `host:port`, IPv6 in brackets; `unix:` and the path of a UNIX socket."""
        name = self.socket.getsockname()
        if self.socket.family == socket.AF_UNIX:
            return f"unix:{name}"
        return _authority(name[0], name[1])

    def close(self) -> None:
        """Refuse further connections."""
        self.socket.close()
        if self._file is not None and self._file.exists() and self._file.stat().st_ino == self._inode:
            self._file.unlink()


def listen(host: str | None, port: int) -> list[Listener]:
    """Listen on all addresses of a name that this machine has; no host means every address.

    The name is looked up here and now, which takes as long as the resolver takes.

    Raises:
        ListenError: there is no such name or address, or it is in use, or not permitted.
    """
    try:
        # As bytes: of a str, Python would import the codec idna, which no name in ASCII needs, and 0.5 MiB with it.
        name = None if host is None else host.encode()
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise ListenError(
            _authority(host or "", port),
            f"no such name ({error.strerror})",
            "write an address, or a name that resolves",
        ) from error
    listeners: list[Listener] = []
    missing: OSError | None = None
    try:
        for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
            try:
                listeners.append(Listener(_bound(family, address)))
            except OSError as error:
                if error.errno not in _MISSING:
                    raise
                missing = error  # a name may have an address that this machine has not: Docker's localhost has ::1
        if missing is not None and not listeners:
            raise missing
    except OSError as error:
        for listener in listeners:
            listener.close()
        raise _told(_authority(host or "", port), error) from error
    return listeners


def listen_unix(path: Path) -> Listener:
    """Listen on a UNIX socket; one that is left over from a process that has died is replaced.

    Raises:
        ListenError: the path is in use, or cannot be made.
    """
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_left_over(path)
        listening.bind(os.fspath(path))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno is None:  # Python's own check of the length
            raise ListenError(f"unix:{path}", str(error), "choose a shorter path") from error
        raise _told(f"unix:{path}", error) from error
    return Listener(listening, path)


def _bound(family: int, address: tuple[object, ...]) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # IPv4 has a socket of its own
        listening.bind(address)
        listening.listen(BACKLOG)
    except BaseException:
        listening.close()
        raise
    return listening


def _remove_left_over(path: Path) -> None:
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        if client.connect_ex(os.fspath(path)) == errno.ECONNREFUSED:
            path.unlink()


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _told(address: str, error: OSError) -> ListenError:
    code = error.errno or 0
    problem, cure = _CURES.get(code, (os.strerror(code).lower(), "choose another address"))
    return ListenError(address, f"cannot listen ({problem})", cure)
