"""The recordings of a real Nun-db (tests/transcripts) as exchanges: which commands were sent, and what came back."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nundb_exporter.metrics import Answers, Options
from nundb_exporter.protocol.commands import (
    ACTING_ROLE,
    CLUSTER_STATE,
    CONFLICT_KEYS,
    CONNECTIONS,
    KEYS,
    LIST_DBS,
    METRICS_STATE,
    OPLOG_STATE,
    PENDING_OPS,
    PROCESS_INFO,
    Command,
    auth,
    get,
    use_db,
)
from nundb_exporter.protocol.replies import Reply, ReplyStream, split_body

DIRECTORY = Path(__file__).parent / "transcripts"
NAMES = sorted(path.stem for path in DIRECTORY.glob("*.jsonl"))

OURS = {
    command.text: command
    for command in (
        METRICS_STATE,
        OPLOG_STATE,
        CLUSTER_STATE,
        PROCESS_INFO,
        LIST_DBS,
        PENDING_OPS,
        ACTING_ROLE,
        CONNECTIONS,
        KEYS,
        CONFLICT_KEYS,
    )
}
"""What the exporter sends word for word; beside these `auth`, `use-db` and `get` with arguments."""

_OTHERS = {
    "metrics-state": "metrics-state ",
    "cluster-state": "cluster-state ",
    "get": "value ",
    "get-safe": "value-version ",
    "keys": "keys ",
    "ls": "keys ",
    "create-db": "create-db success",
    "list-commands": "commands-list ",
    "debug pendding-conflitcts": "conflitcts-list ",
    "rp": "ack ",
}
"""What the messages of other commands begin with; those that are not here queue none."""


@dataclass(frozen=True)
class Exchange:
    """One question of a recording with its answer: a body over HTTP, what was written at once over TCP or WebSocket."""

    source: str
    transport: str
    node: int
    connection: str
    """Unique among all recordings; each HTTP request is one of its own."""
    commands: tuple[Command[object], ...]
    received: str
    """What came back; WebSocket's frames one after another."""
    status: int
    """Of HTTP; 200 elsewhere."""


def command(text: str) -> Command[object]:
    """Return what was sent as the exporter's own command, where it is one."""
    verb, *arguments = text.split(" ", 2)
    match verb, arguments:
        case _ if text in OURS:
            return OURS[text]
        case "auth", [user, password]:
            return auth(user, password)
        case "use-db", [name, token] if " " not in token:
            return use_db(name, token)
        case "get", [key]:
            return get(key)
    prefix = _OTHERS.get(text, _OTHERS.get(verb))
    return Command(text, text, (prefix,) if prefix else (), str)


def exchanges(name: str) -> Iterator[Exchange]:
    """Yield what was asked and answered in one recording, in its order."""
    for number, line in enumerate((DIRECTORY / f"{name}.jsonl").read_text("utf-8").splitlines(), 1):
        entry = json.loads(line)
        if entry.get("t") and entry.get("recv") is not None and "send_hex" not in entry:
            yield _exchange(f"{name}:{number}", entry)


def every_exchange() -> Iterator[Exchange]:
    """Yield the exchanges of all recordings."""
    for name in NAMES:
        yield from exchanges(name)


def _exchange(source: str, entry: dict[str, Any]) -> Exchange:
    received = entry["recv"] if isinstance(entry["recv"], str) else "".join(entry["recv"])
    sent = entry.get("send")
    commands = () if sent is None else tuple(map(command, _pieces(entry["t"], sent)))
    conversation = f"{source.partition(':')[0]}/{entry['node']}/{entry.get('conn', source)}"
    return Exchange(source, entry["t"], entry["node"], conversation, commands, received, entry.get("status", 200))


def _pieces(transport: str, sent: str) -> Sequence[str]:
    """Cut what was sent into commands as the server does (protocol notes 1.1 to 1.3)."""
    match transport:
        case "http":
            return [piece.strip() for piece in sent.split(";") if piece.strip()]
        case "tcp":
            return [line.rstrip(";") for line in sent.split("\n")[:-1]]
        case _:
            return sent.split(";")


def is_ours(asked: Command[object]) -> bool:
    """Tell whether the exporter could send this: it is one of its commands, with all its arguments."""
    return asked.shown != asked.text or asked.text in OURS or asked == get(asked.text.removeprefix("get "))


def replies(exchange: Exchange) -> list[Reply]:
    """Decode what came back; shorter than the commands where the recorded node fell silent."""
    if exchange.transport == "http":
        return split_body(exchange.received, exchange.commands) if exchange.status == 200 else []
    stream = ReplyStream()
    lines = iter(re.findall(r"[^\n]*\n", exchange.received))
    found: list[Reply] = []
    for asked in exchange.commands:
        stream.expect(asked)
        found += next(([reply] for line in lines if (reply := stream.receive_data(line.encode())) is not None), [])
    return found


def answers(name: str) -> Iterator[Answers]:
    """Yield all that a node has told so far, after each exchange that told something of interest.

    Replies count that hold a message, and the refusals that tell the acting role: collectors must read these all.
    """
    nodes: dict[int, Answers] = defaultdict(Answers)
    selected: dict[str, str] = {}
    for exchange in exchanges(name):
        told = nodes[exchange.node]
        is_news = False
        for asked, reply in zip(exchange.commands, replies(exchange), strict=False):
            if asked.text.startswith(("use-db ", "use ")) and reply == Reply():
                selected[exchange.connection] = asked.text.split(" ")[1]
            elif reply.text is None and (asked is not ACTING_ROLE or reply.error == "Not auth"):
                continue
            elif asked in {CONNECTIONS, KEYS, CONFLICT_KEYS} or asked.text.startswith("get "):
                told.database[selected[exchange.connection], asked] = reply
                is_news = True
            elif asked in OURS.values():
                told.node[asked] = reply
                is_news = True
        if is_news:
            databases = tuple(dict.fromkeys(database for database, _ in told.database))
            yield Answers(Options(databases), dict(told.node), dict(told.database))
