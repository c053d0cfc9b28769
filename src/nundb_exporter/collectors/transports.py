"""The three transports, each on its own port: they fail independently; off by default."""

from collections.abc import Iterable
from typing import Final

from nundb_exporter.config.settings import TransportName
from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample, ShownAs

UP: Final = Family(
    "nundb_transport_up",
    "gauge",
    "Whether the transport answers: HTTP to an empty request, TCP with its greeting, WebSocket to the handshake",
    "connect",
    since="2021-10",
    labels=("transport",),
)
CONNECT_DURATION: Final = Family(
    "nundb_transport_connect_duration_seconds",
    "gauge",
    "Time that the transport took to answer",
    "connect",
    since="2021-10",
    labels=("transport",),
)
TRANSPORTS: Final[tuple[TransportName, ...]] = ("http", "tcp", "websocket")


def parse(answers: Answers) -> Iterable[Sample]:
    """Read the result of each probe."""
    for transport in TRANSPORTS:
        if transport not in answers.probes:
            continue
        seconds = answers.probes[transport]
        yield UP.sample(seconds is not None, transport)
        if seconds is not None:
            yield CONNECT_DURATION.sample(seconds, transport)


COLLECTOR: Final = Collector(
    name="transports",
    help="Whether HTTP, TCP and WebSocket each answer.",
    probes=TRANSPORTS,
    families=(UP, CONNECT_DURATION),
    parse=parse,
    is_default=False,
    panels=(
        Panel(
            "Transports",
            UP.selected,
            "short",
            "Whether HTTP, TCP and WebSocket each answer. Needs --collector.transports, which is off by default.",
            "{{transport}} of {{instance}}",
            kind="states",
            shown_as=(ShownAs(0, "down", "red"), ShownAs(1, "up", "green")),
        ),
        Panel(
            "Time to connect",
            CONNECT_DURATION.selected,
            "s",
            "Time that each transport took to answer. Needs --collector.transports, which is off by default.",
            "{{transport}} of {{instance}}",
        ),
    ),
)
