"""A name server and a listener that nobody should ask, for a script: each writes down all that reaches it.

Run as a program in a network namespace of its own. The name server gives every name the addresses of the arguments,
and writes its questions into the file `asked`; the listener takes connections at port 3013 of every address, and writes
where it was met, and what it was told, into the file `met`.
"""

import socket
import struct
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

ASKED = Path("asked")
MET = Path("met")


def answer(question: bytes, addresses: Sequence[str]) -> tuple[str, bytes]:
    """Return the name that a question of DNS asks for, and the answer (RFC 1035, section 4)."""
    labels, position = [], 12
    while length := question[position]:
        labels.append(question[position + 1 : position + 1 + length].decode())
        position += 1 + length
    (kind,) = struct.unpack(">H", question[position + 1 : position + 3])
    given = addresses if kind == 1 else ()  # IPv4 alone
    head = question[:2] + struct.pack(">HHHHH", 0x8180, 1, len(given), 0, 0)
    records = [struct.pack(">HHHIH", 0xC00C, 1, 1, 0, 4) + socket.inet_aton(address) for address in given]
    return ".".join(labels), head + question[12 : position + 5] + b"".join(records)


def serve_names(server: socket.socket, addresses: Sequence[str]) -> None:
    """Answer for ever."""
    while True:
        question, client = server.recvfrom(999)
        name, told = answer(question, addresses)
        with ASKED.open("a") as file:
            file.write(f"{name}\n")
        server.sendto(told, client)


def meet_all(listener: socket.socket) -> None:
    """Take connections for ever."""
    while True:
        connection, _ = listener.accept()
        with connection, MET.open("a") as file:
            file.write(f"{connection.getsockname()[0]}\n")
            file.flush()
            file.write(f"{connection.recv(999)!r}\n")


def main() -> None:
    """Serve until the namespace ends."""
    for file in (ASKED, MET):
        file.touch()
    names = socket.socket(type=socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", 53))
    threading.Thread(target=serve_names, args=(names, sys.argv[1:]), daemon=True).start()
    listener = socket.create_server(("0.0.0.0", 3013))
    print("ready", flush=True)  # noqa: T201 - the script waits for this line
    meet_all(listener)


if __name__ == "__main__":
    main()
