"""What `debug=true` of /probe shows: what was asked, answered and made of it, without secrets and stored values."""

from collections.abc import Iterator, Sequence
from typing import Final

from nundb_exporter.client.traced import Session
from nundb_exporter.config.settings import Module
from nundb_exporter.errors import ProtocolError
from nundb_exporter.exposition import Format, escaped, render
from nundb_exporter.protocol.commands import (
    ACTING_ROLE,
    CLUSTER_STATE,
    CONNECTIONS,
    LIST_DBS,
    METRICS_STATE,
    OPLOG_STATE,
    PROCESS_INFO,
    Command,
)
from nundb_exporter.protocol.replies import Reply
from nundb_exporter.quantities import counted, visible
from nundb_exporter.results import Scrape
from nundb_exporter.web.selection import Selection

_WITHOUT_VALUES: Final = frozenset(
    {METRICS_STATE, OPLOG_STATE, CLUSTER_STATE, PROCESS_INFO, LIST_DBS, CONNECTIONS, ACTING_ROLE}
)
"""Commands whose replies hold no stored value and no key."""
_OF_AUTH: Final = frozenset({"valid auth", "invalid auth"})
_ERRORS: Final = frozenset(
    {
        *("invalid auth", "Not auth", "Invalid token", "Not a valid database name"),
        *("database already exists", "Create database only allow from primary!"),  # what ACTING_ROLE is told
    }
)
_UNKNOWN_COMMAND: Final = "unknown command"
_LONGEST_LINE: Final = 400
_MASK: Final = "****"


def written(
    selection: Selection, scrape: Scrape, sessions: Sequence[Session], dialled: Sequence[str], allowed: float
) -> str:
    """Return the page.

    `sessions` are what was asked, `dialled` the addresses of the connections that were made, and `allowed` the seconds
    that the scrape might take.
    """
    mask = _Mask(selection.target.module)
    lines = [*_head(selection, scrape, dialled, allowed, mask), ""]
    for number, session in enumerate(sessions, 1):
        lines += [*_session(number, session, mask), ""]
    for name, result in scrape.collectors.items():
        told = "ok" if result.failure is None else f"failed: {mask.line(result.failure)}"
        lines.append(f"collector {name}: {told} ({result.seconds:.4f} s)")
    page = render(scrape.samples, Format.TEXT)
    lines += ["", f"parsed: {counted(len(scrape.samples) - page.dropped, 'sample')}", mask.text(page.text)]
    return "\n".join(lines)


class _Mask:
    """Hides the secrets of a module, wherever a node repeats them."""

    def __init__(self, module: Module) -> None:
        opened = (*module.databases, *([module.canary.access] if module.canary else []))
        secrets = {secret.reveal() for secret in (module.credentials.password, *(access.token for access in opened))}
        self._secrets = sorted(secrets | {escaped(secret) for secret in secrets}, key=len, reverse=True)

    def text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return text

    def line(self, text: str) -> str:
        """Return a text of anybody's on one line."""
        return visible(self.text(text), most=_LONGEST_LINE)


def _head(selection: Selection, scrape: Scrape, dialled: Sequence[str], allowed: float, mask: _Mask) -> Iterator[str]:
    yield f"target: {selection.target.endpoint}"
    yield f"module: {visible(selection.module)}, as user {visible(selection.target.module.credentials.user)}"
    yield f"dialled: {', '.join(dialled) or 'nothing'}"
    yield f"time: {scrape.seconds:.4f} s of {allowed:.4f} s"
    yield f"result: {'up' if scrape.error is None else mask.line(str(scrape.error))}"


def _session(number: int, session: Session, mask: _Mask) -> Iterator[str]:
    yield f"session {number}: begun after {session.begun:.4f} s, took {session.seconds:.4f} s"
    if session.failure is not None:
        yield from (f"  > {visible(command.shown)}" for command in session.commands)
        yield f"  failed: {mask.line(session.failure)}"
        return
    for command, reply in zip(session.commands, session.replies, strict=True):
        yield f"  > {visible(command.shown)}"
        yield f"  < {_told(command, reply, mask)}"


def _told(command: Command[object], reply: Reply, mask: _Mask) -> str:
    if reply.error is not None:
        return f"error: {_error(reply.error)}"
    if reply.text is None:
        return "ok, without a message"
    if reply.text in _OF_AUTH or (command in _WITHOUT_VALUES and _is_read(command, reply.text)):
        return mask.line(reply.text)
    return _hidden(reply.text)


def _error(text: str) -> str:
    """Return an error as far as it is one of Nun-db's: any other may repeat what was sent or stored."""
    if text.startswith(_UNKNOWN_COMMAND):
        return _UNKNOWN_COMMAND
    return text if text in _ERRORS else _hidden(text)


def _hidden(text: str) -> str:
    return f"{counted(len(text), 'character')}, not shown because stored values may be among them"


def _is_read(command: Command[object], text: str) -> bool:
    try:
        command.read(text)
    except ProtocolError:
        return False
    return True
