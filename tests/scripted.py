"""A transport that says what a test has written down, or what a recording holds: no socket, no patch."""

import time
from collections.abc import Callable, Mapping, Sequence

from nundb_exporter.config.settings import DEFAULT_URL, Module, Target, parse_endpoint
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret
from nundb_exporter.metrics import Answers
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.replies import Reply
from nundb_exporter.scrape import Scraper

UNKNOWN_VERB = "unknown command: "


class ScriptedTransport:
    """Answers as a node would that has said this before; keeps what it was asked, a session an entry."""

    def __init__(
        self, node: Mapping[Command[object], Reply], database: Mapping[tuple[str, Command[object]], Reply]
    ) -> None:
        self._node = node
        self._database = database
        self.asked: list[list[str]] = []
        self.clock_offset: float | None = 0.0

    async def execute(self, commands: Sequence[Command[object]], deadline: float) -> list[Reply]:  # noqa: ARG002 - it is never late
        """Return the replies of one session; KeyError for what is not written down."""
        self.asked.append([str(command) for command in commands])
        selected = ""
        replies = []
        for command in commands:
            verb, _, rest = command.text.partition(" ")
            if verb == "auth":
                replies.append(Reply("valid auth"))
            elif verb == "use-db":
                selected = rest.partition(" ")[0]
                replies.append(Reply())
            else:
                replies.append(self._database[selected, command] if selected else self._node[command])
        return replies

    async def close(self) -> None:
        """Do nothing."""


def scripted_node(
    answers: Answers, *collectors: str, clock: Callable[[], float] = time.time
) -> tuple[Scraper, ScriptedTransport]:
    """Return what scrapes a node that answers so, with these collectors, and the transport that it asks through."""
    transport = ScriptedTransport(answers.node, answers.database)
    databases = tuple(DatabaseAccess(name, Secret("token")) for name in answers.options.databases)
    module = Module(Credentials("nun", Secret("nun-pwd")), collectors, databases)
    return Scraper(Target(parse_endpoint("NUN_URL", DEFAULT_URL), module), transport, clock=clock), transport
