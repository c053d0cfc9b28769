"""What an exporter imports before its first page: each module costs time and memory beside every node, for ever."""

import re
from typing import Final

from tests.wire.behaviours import answering
from tests.wire.exporter import Exporter
from tests.wire.scripted import ScriptedNode

_IMPORT: Final = re.compile(r"^import time: +\d+ \| +\d+ \| +(\S+)$", re.MULTILINE)
"""How Python tells of an import, if PYTHONPROFILEIMPORTTIME is set."""
_OTHERS: Final = {
    # Of a configuration file, of WebSocket, of other commands.
    *("yaml", "pydantic", "bcrypt", "websockets", "nundb_devserver", "nundb_exporter.demo"),
    *("nundb_exporter.monitoring", "nundb_exporter.web.guard"),
    # Of /report, of the landing page, of debug=true, of what is read beside the node.
    *("nundb_exporter.web.trace", "nundb_exporter.client.traced"),
    *("nundb_exporter.judge", "nundb_exporter.web.landing", "nundb_exporter.problems.catalog"),
    *("nundb_exporter.log.families", "nundb_exporter.host.families", "nundb_exporter.files.families"),
    # Large, and easily imported again by a line that could do without.
    *("difflib", "email", "encodings.idna", "gzip", "hashlib", "html", "importlib.resources", "tempfile"),
}


async def test_what_the_first_page_does_not_need_is_not_imported_before_it() -> None:
    """As Prometheus asks for it: compressed, from a node that answers."""
    async with (
        ScriptedNode(answering()) as node,
        # Its coverage is not measured: that imports much itself.
        Exporter(node.url, PYTHONPROFILEIMPORTTIME="1", COVERAGE_PROCESS_CONFIG=None) as exporter,
    ):
        page = await exporter.metrics(Accept_Encoding="gzip")
        assert page.headers["Content-Encoding"] == "gzip"
        imported = set(_IMPORT.findall(exporter.output))
    assert "nundb_exporter.scrape" in imported
    assert not imported & _OTHERS
