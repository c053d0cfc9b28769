"""Replies in one HTTP body: each command gets its own, or an error."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.errors import ProtocolError
from nundb_exporter.protocol.commands import (
    CONFLICT_KEYS,
    CONNECTIONS,
    KEYS,
    METRICS_STATE,
    Command,
    get,
)
from nundb_exporter.protocol.replies import Reply, split_body
from tests.recordings import command, every_exchange, is_ours

from .conversation import AUTH, COMMANDS, DOOR, GARBAGE, QUEUED, body_of

LOST = Reply(error="the reply was lost behind an earlier error")
BODIES = [exchange for exchange in every_exchange() if exchange.transport == "http" and exchange.status == 200]
SHIFTED = (
    "exporter-http:42",
    "exporter-http:43",
    "permissions:82",
    "permissions:88",
    "permissions:112",
    "single-http:24",
)
"""Where the recorded server itself lost replies."""


def test_every_recorded_body_gives_each_command_its_slot() -> None:
    """All 1,473 recorded HTTP answers are taken apart, and put together again give the same bytes."""
    for exchange in BODIES:
        replies = split_body(exchange.received, exchange.commands)
        assert len(replies) == len(exchange.commands)
        if all(map(is_ours, exchange.commands)) and exchange.source not in SHIFTED:
            assert body_of(exchange.commands, replies) == exchange.received, exchange.source
    assert len(BODIES) == 1473


@pytest.mark.parametrize(
    ("sent", "body", "replies"),
    [
        ("auth u p;metrics-state", "valid auth\n;metrics-state …\n\n", [Reply("valid auth"), Reply("metrics-state …")]),
        ("auth bad x;metrics-state", "invalid auth\n;Not auth", [Reply("invalid auth"), Reply(error="Not auth")]),
        (
            "get a;auth u p;metrics-state",
            "error no-db-selected\n;error no-db-selected\n;valid auth\n",
            [Reply(error="error no-db-selected"), Reply("valid auth"), LOST],
        ),
        (
            "use-db t tok;get a;set a 1;get a",
            "empty;value <Empty>\n;empty;value 1\n",
            [Reply(), Reply("value <Empty>"), Reply(), Reply("value 1")],
        ),
        (
            "use-db t tok;watch a;set a 2;get a",
            "empty;empty;changed a 2\n;changed-version a 1 2\n",
            [Reply(), Reply(), Reply(error="changed a 2"), Reply(error="changed-version a 1 2")],
        ),
        (
            "use-db t nop pw;get a;keys",
            "empty;permission denied\n;permission denied\n",
            [Reply(), Reply(error="permission denied"), LOST],
        ),
        (
            "use-db t tok;set-safe q 5 x;set-safe q 1 y;get-safe q",
            "empty;empty;Invalid version!;value-version 6 x\n",
            [Reply(), Reply(), Reply(error="Invalid version!"), Reply("value-version 6 x")],
        ),
        (
            "use-db t tok;get-safe $connections;keys $conflicts_*;keys",
            "empty;permission denied\n;permission denied\n;keys ,$conflicts_a_1\n",
            [Reply(), Reply(error="permission denied"), Reply("keys ,$conflicts_a_1"), LOST],
        ),
        (
            "get a;get b;get c;get d",
            "permission denied\n;permission denied\n;permission denied\n;value of c or d\n",
            [Reply(error="permission denied"), LOST, Reply(error="permission denied"), LOST],
        ),
        (
            "metrics-state;keys;get a;get b;get-safe $connections",
            "oops\n;keys ,a\n;oops\n;oops\n;value of b\n",
            [Reply(error="oops"), Reply("keys ,a"), Reply(error="oops"), Reply("value of b"), LOST],
        ),
        (
            "keys $conflicts_*;keys",
            "some refusal;keys ,a\n",
            [Reply(error="some refusal"), Reply("keys ,a")],
        ),
    ],
)
def test_a_shifted_body_credits_no_reply_to_another_command(sent: str, body: str, replies: list[Reply]) -> None:
    """The table of the protocol notes 1.2, and the bodies in which two commands' replies begin alike."""
    assert split_body(body, [command(text) for text in sent.split(";")]) == replies


@dataclass(frozen=True)
class Fate:
    """What a node does with one command: a message, an error, or an error that has queued its text as well."""

    command: Command[object]
    truth: Reply

    @property
    def queued(self) -> str | None:
        """What the command puts into its queue."""
        if self.truth.text is not None:
            return f"{self.truth.text}\n"
        return f"{self.truth.error}\n" if self.truth.error in QUEUED else None


def served(fates: Sequence[Fate]) -> str:
    """Answer as the HTTP listener: an error verbatim, a success by the oldest in the queue (protocol notes 1.2)."""
    queue: deque[str] = deque()
    body = []
    for fate in fates:
        if fate.queued is not None:
            queue.append(fate.queued)
        if fate.truth.error is not None:
            body.append(fate.queued or fate.truth.error)
        else:
            body.append(queue.popleft() if queue else "empty")
    return ";".join(body)


PAYLOADS = st.one_of(
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=8),
    st.lists(st.sampled_from([";", '"', " ", ", opp_id: 7", "empty", "keys ,", "value ", "ok ", "x"]), max_size=5).map(
        "".join
    ),
)


@st.composite
def fates(draw: st.DrawFn, *, errors: Sequence[str]) -> list[Fate]:
    """Commands of which many begin alike, and what becomes of each."""
    found = []
    for asked in draw(
        st.lists(st.sampled_from([DOOR, CONNECTIONS, KEYS, CONFLICT_KEYS, get("a"), get("b")]), min_size=1, max_size=7)
    ):
        error = draw(st.sampled_from([None, None, *errors]))
        if error is not None and (asked is not DOOR or error not in QUEUED):
            found.append(Fate(asked, Reply(error=error)))
        else:
            text = f"{asked.prefixes[0]}{draw(PAYLOADS)}" if asked.prefixes else None
            found.append(Fate(asked, Reply(text)))
    return found


@given(fates=fates(errors=["Invalid token", "Not auth"]))
def test_a_value_that_looks_like_a_border_confuses_nothing(fates: list[Fate]) -> None:
    """Semicolons, quotes and other commands' words in values: each command has its own reply."""
    assert split_body(served(fates), [fate.command for fate in fates]) == [fate.truth for fate in fates]


@given(fates=fates(errors=["Not auth", *QUEUED]))
def test_a_command_has_its_own_reply_or_an_error(fates: list[Fate]) -> None:
    """However many errors have shifted the body, no message is taken for the reply of another command."""
    replies = split_body(served(fates), [fate.command for fate in fates])
    for fate, reply in zip(fates, replies, strict=True):
        assert reply == fate.truth or reply.error is not None
        assert reply.text is None or reply == fate.truth
        assert fate.truth.error is None or not fate.command.prefixes or reply.error is not None


@given(fates=fates(errors=["Not auth"]), position=st.integers(0, 7), text=st.sampled_from(QUEUED))
def test_behind_one_error_every_message_that_came_is_found(fates: list[Fate], position: int, text: str) -> None:
    """A single queued error costs the last message, and no other."""
    fates.insert(position, Fate(get("refused"), Reply(error=text)))
    replies = split_body(served(fates), [fate.command for fate in fates])
    lost = [fate for fate, reply in zip(fates, replies, strict=True) if reply != fate.truth]
    assert len(lost) <= 1
    assert all(fate.truth.text is not None and fate == [f for f in fates if f.truth.text][-1] for fate in lost)


@pytest.mark.parametrize(
    ("commands", "body"),
    [
        ((AUTH, METRICS_STATE), ""),
        ((AUTH, METRICS_STATE), "valid auth\n"),
        ((AUTH, METRICS_STATE, KEYS), "valid auth\n;Not auth"),
        ((AUTH, METRICS_STATE), "<html><body>It works!</body></html>"),
        ((), "<html>"),
    ],
)
def test_a_body_of_another_length_is_refused(commands: tuple[Command[object], ...], body: str) -> None:
    """Fewer replies than commands, or a reply to nothing, is not Nun-db's."""
    with pytest.raises(ProtocolError):
        split_body(body, commands)


def test_no_commands_have_no_replies() -> None:
    """An empty request has an empty answer."""
    assert split_body("", ()) == []


@given(body=GARBAGE, commands=COMMANDS)
def test_garbage_in_a_body_gives_replies_or_a_protocol_error(body: str, commands: list[Command[object]]) -> None:
    """Nothing else is raised, and a reply's text is the command's own kind or none."""
    try:
        replies = split_body(body, commands)
    except ProtocolError:
        return
    for asked, reply in zip(commands, replies, strict=True):
        assert reply.text is None or reply.text.startswith(asked.prefixes)


@pytest.mark.parametrize(
    ("reply", "is_unsupported"),
    [
        (Reply(), True),
        (Reply(error="unknown command: metrics-state"), True),
        (Reply(error="Not auth"), False),
        (Reply(error=""), False),
        (Reply("keys "), False),
        (LOST, False),
    ],
)
def test_an_older_server_is_told_from_a_refusal(reply: Reply, *, is_unsupported: bool) -> None:
    """Unknown verbs are refused by name and unknown words after `debug` taken in silence; all else is a failure."""
    assert reply.is_unsupported is is_unsupported


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        (Reply("value hunter2"), "<reply text of 13 characters>"),
        (Reply(error="hunter2"), "<reply error of 7 characters>"),
        (Reply(), "<reply without text>"),
    ],
    ids=["text", "error", "none"],
)
def test_a_reply_does_not_show_what_it_holds(reply: Reply, shown: str) -> None:
    """Stored values come in replies: none may reach a log by a repr, alone or within what holds it."""
    assert f"{reply} {reply!r} {[reply]} { ({'a': reply}) }" == f"{shown} {shown} [{shown}] {{'a': {shown}}}"
