"""What servers print: recorded replies, and names and numbers as they take them."""

from typing import Final

from hypothesis import strategies as st

from nundb_exporter.protocol.replies import split_body
from tests.recordings import every_exchange

RECORDED: Final = sorted(
    {
        reply.text
        for exchange in every_exchange()
        if exchange.transport == "http" and exchange.status == 200
        for reply in split_body(exchange.received, exchange.commands)
        if reply.text is not None
    }
)

COUNTS: Final = st.integers(0, 2**64 - 1)
NAMES: Final = st.from_regex(r"[a-zA-Z0-9_.\[\]:(),é-]{1,20}:[0-9]{1,5}", fullmatch=True)
"""Of members."""


def texts(prefix: str) -> list[str]:
    """Return the recorded replies that begin so."""
    return [text for text in RECORDED if text.startswith(prefix)]


def without_spaces(**kwargs: int) -> st.SearchStrategy[str]:
    """Return names as the server takes them: anything but a space; some with what its own layout is made of."""
    plain = st.text(st.characters(exclude_characters=" ", exclude_categories=["Cs"]), max_size=6, **kwargs)
    odd = st.sampled_from(["$admin", "a\nb", "a;b", 'a"b', ":", "a,b", "line\u2028sep", "a\x85b", "a|b", "ok", "-1"])
    return st.one_of(plain, odd)
