"""Lines out of a byte stream: what clients and other nodes send over TCP."""


class LineTooLongError(Exception):
    """A line is longer than the limit."""


class LineBuffer:
    """Cut a stream of bytes into lines, however the bytes arrive.

    `limit` bounds the memory that a peer can make us hold: no line may be longer, in bytes, finished or not.
    """

    __slots__ = ("_limit", "_partial")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._partial = bytearray()

    def receive_data(self, data: bytes) -> list[bytes]:
        """Return the lines that `data` completes, without their newline.

        Raises:
            LineTooLongError: a line is longer than the limit.
        """
        *finished, unfinished = data.split(b"\n")
        if not finished:
            self._partial += unfinished
            lines = []
        else:
            lines = [bytes(self._partial + finished[0]), *finished[1:]]
            self._partial = bytearray(unfinished)
        if len(self._partial) > self._limit or any(len(line) > self._limit for line in lines):
            raise LineTooLongError(f"a line is longer than {self._limit} bytes")
        return lines
