"""The operating system's errors in a few words, for whoever connects or listens."""

import os
import socket


def cause_of(error: OSError) -> str:
    """Return the system's error text, without the addresses that asyncio's texts include."""
    if isinstance(error, socket.gaierror):
        return (error.strerror or "name unknown").lower()
    if error.errno is not None:
        return os.strerror(error.errno).lower()
    # asyncio joins the errors of all addresses of a name to one text, without an error number.
    return "none of its addresses can be reached" if str(error).startswith("Multiple") else str(error).lower()
