"""An HTTP response as it arrives, in pieces."""

from collections.abc import Sequence

from nundb_exporter.protocol.http import Response, ResponseDecoder
from tests.cuts import cut

LIMIT = 1000


def decoded(wire: bytes, lengths: Sequence[int], limit: int = LIMIT) -> Response | None:
    """Return the response that the pieces complete, and nothing before the last; None when it takes a close."""
    decoder = ResponseDecoder(limit)
    response = None
    for piece in cut(wire, lengths):
        assert response is None, "the response was complete before its end"
        response = decoder.receive_data(piece)
    return response
