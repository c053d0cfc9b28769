"""The operating system's errors in a few words, for whoever connects or listens."""

import errno
import os
import socket
from typing import Final

_OWN: Final = {
    errno.EMFILE: "the exporter has used up its file descriptors",
    errno.ENFILE: "the exporter's machine has used up its file descriptors",
    errno.ENOMEM: "the exporter's machine has no memory left",
    errno.ENOBUFS: "the exporter's machine has no buffers left",
    errno.EADDRNOTAVAIL: "the exporter's machine has no address or port left to connect from",
}
"""What is no fault of the other end."""


def cause_of(error: OSError) -> str:
    """Return what happened, in lower case; never an empty text."""
    if isinstance(error, socket.gaierror):
        return (error.strerror or "name unknown").lower()
    if error.errno is not None:
        return cause_of_number(error.errno)
    return str(error).lower() or type(error).__name__


def cause_of_number(number: int) -> str:
    """Return what an error number of the system means, in lower case."""
    return _OWN.get(number) or os.strerror(number).lower()
