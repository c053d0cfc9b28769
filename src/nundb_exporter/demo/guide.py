"""The demo's instructions: where to look, which keys to press."""

import textwrap
from collections.abc import Iterator
from typing import Final

from nundb_devserver import DEFAULT_PASSWORD, DEFAULT_USER
from nundb_exporter.collectors import pending, replication
from nundb_exporter.credentials import Credentials, Secret
from nundb_exporter.demo import prometheus
from nundb_exporter.demo.faults import KEYS
from nundb_exporter.demo.services import Services

QUIT: Final = "q"
_KEYS_TEXT: Final = "  ".join(f"{key}\N{NO-BREAK SPACE}{name}" for key, name in {**KEYS, QUIT: "quit"}.items())


def footer(width: int) -> list[str]:
    """Return lines that tell what each key does."""
    lines = textwrap.wrap(_KEYS_TEXT, width, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def lines(services: Services) -> Iterator[str]:
    """Yield what to look at, with the addresses."""
    nodes = tuple(zip(services.cluster.nodes, services.exporters, strict=True))
    yield ""
    for index, (node, exporter) in enumerate(nodes):
        options = node.options
        ports = f"WebSocket {options.websocket_port}, HTTP {options.http_port}, TCP {options.tcp_port}"
        yield f"node{index}  {exporter.page}  ({ports})"
    yield ""
    yield "Look at"
    yield f"  {services.exporters[0].page}"
    yield f"      {replication.PENDING}: operations that some replica has not acknowledged"
    yield f"      {pending.UNACKNOWLEDGED}: which one"
    if services.prometheus is not None:
        yield "  the same as a chart, and the alerts that fire:"
        address = services.prometheus.address
        yield f"      {prometheus.graph(address, replication.PENDING.name, pending.UNACKNOWLEDGED.name)}"
        yield f"      http://{address}/alerts"
    yield "  all nodes in one report:"
    urls = " ".join(node.http_url for node, _ in nodes)
    yield f"      {_environment(services.administrator)}nundb-exporter check {urls}"
    yield ""


def _environment(administrator: Credentials) -> str:
    """Return the variables to type before a command; only the default credentials are printed."""
    is_default = administrator == Credentials(DEFAULT_USER, Secret(DEFAULT_PASSWORD))
    return f"NUN_USER={DEFAULT_USER} NUN_PWD={DEFAULT_PASSWORD} " if is_default else ""
