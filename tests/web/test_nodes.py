"""What is known of nodes longer than connections to them are kept."""

import pytest

from nundb_exporter.config.allow import AllowList, parse_allowed
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import Web
from nundb_exporter.http_server import Request
from nundb_exporter.web.nodes import Nodes
from nundb_exporter.web.probe import Probe
from tests.wire.exporter import target
from tests.wire.ports import refusing
from tests.wire.waiting import answered


async def test_a_node_that_is_down_is_told_once_whoever_asks_it(caplog: pytest.LogCaptureFixture) -> None:
    """Neither debug=true nor a reload, which both make other connections, is a change of the node."""
    with refusing() as port:
        node = f"127.0.0.1:{port}"
        allow = AllowList((parse_allowed("", node),))
        nodes = Nodes(Fleet((), {"default": target(f"http://{node}").module}, allow), Web(listen=()))
        for query in ("", "&debug=true", ""):
            answer = await answered(Probe(nodes).page(Request("GET", "/probe", f"target={node}{query}")))
            assert b"connection refused" in answer.body or b"nundb_up 0" in answer.body
            nodes.replace(nodes.fleet)
        await nodes.close()
    assert caplog.text.count("node failed: connect") == 1
