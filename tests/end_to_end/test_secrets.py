"""No password, token or stored value anywhere: not in a log at any level, on a page, in an error, in a `repr`."""

import asyncio
import dataclasses
import gc
import logging
import signal
import ssl
import types
from collections.abc import Callable, Iterable, Iterator

import pytest

from nundb_exporter import collectors
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import Web
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret
from nundb_exporter.exposition import Format, render
from nundb_exporter.metrics import Answers, Sample
from nundb_exporter.protocol.pending import pending_operations
from nundb_exporter.scrape import Scraper
from nundb_exporter.web import Server
from tests.wire.behaviours import (
    answering,
    answering_with,
    closing_half_way,
    closing_unanswered,
    mute,
    resetting_half_way,
    saying,
    silent,
    stopping,
)
from tests.wire.exporter import Exporter, target
from tests.wire.framing import http
from tests.wire.pages import Page, fetch
from tests.wire.program import run
from tests.wire.replies import GOOD, PENDING, Said
from tests.wire.scripted import Behaviour, Peer, ScriptedNode

from .conftest import Nodes

PASSWORD = "m4rk-password"
TOKEN = "m4rk-token"
VALUE = "m4rk-value"
MARKS = (PASSWORD, TOKEN, VALUE, "m4rk")
CONFLICT = "$conflicts_a_1795400325465330016"
ENTRY = 'message: "{}", opp_id: 1795359481984351826, ack_count: 0, replicate_count: 1, replications: , m:false'
SECRETIVE = {
    **{command: said for command, said in GOOD.items() if not command.startswith(("auth ", "use-db "))},
    f"auth nun {PASSWORD}": Said("valid auth\n"),
    f"use-db shop {TOKEN}": Said(),
    "metrics-state": PENDING,
    "debug pending-ops": Said(
        "pending-ops "
        + "\n".join(
            ENTRY.format(message)
            for message in (
                f"replicate shop k -1 {VALUE}; {VALUE}",
                f"create-db shop {TOKEN} newer",
                f"replicate shop $$user_bob -1 {TOKEN}",
                f"resolve 1 shop k 1 {VALUE}",
            )
        )
        + "\n"
    ),
    "keys $conflicts_*": Said(f"keys ,{CONFLICT}\n"),
    f"get {CONFLICT}": Said(f"value resolve 1 shop 1 k {VALUE} {VALUE}\n"),
}


async def echoing(peer: Peer) -> None:
    """Say whatever is said, as a proxy's debugging page does."""
    await peer.wire.open(peer)
    while True:
        commands = await peer.commands()
        await peer.send(peer.wire.encode([Said(f"{command}\n") for command in commands]))


def refusing_by_repeating(beginning: str) -> Behaviour:
    """Refuse the commands that begin so in their own words, and answer the others well."""

    async def behave(peer: Peer) -> None:
        await peer.wire.open(peer)
        while True:
            commands = await peer.commands()
            replies = [
                Said(error=f"cannot {command} {VALUE}") if command.startswith(beginning) else SECRETIVE[command]
                for command in commands
            ]
            await peer.send(peer.wire.encode(replies))

    return behave


BROKEN = {
    **SECRETIVE,
    "metrics-state": Said(f"metrics-state pending_ops: {VALUE}, op_log_count: {VALUE}\n"),
    "cluster-state": Said(f"cluster-state {VALUE}\n"),
    "debug process-info": Said(f"process-info \nprocess_id: {VALUE}\n"),
    "debug list-dbs": Said(f"dbs-list \n{VALUE}\n"),
    "get-safe $connections": Said(f"value-version {VALUE} {VALUE}\n"),
}
BAD_DAYS: tuple[Behaviour, ...] = (
    answering(SECRETIVE),
    answering({**SECRETIVE, "debug pending-ops": Said(f"pending-ops {VALUE}\n")}),
    answering(BROKEN),
    answering({**SECRETIVE, "get-safe $connections": Said(f"value-version 1 {VALUE}\n")}),
    answering(GOOD),  # which takes another password
    echoing,
    refusing_by_repeating("use-db"),
    refusing_by_repeating("metrics-state"),
    refusing_by_repeating("debug"),
    refusing_by_repeating("auth"),
    silent,
    mute,
    stopping,
    closing_unanswered,
    closing_half_way,
    resetting_half_way,
    saying(f"{VALUE} {PASSWORD}\r\n\r\n".encode(), then_closes=True),
    answering_with(f"{PASSWORD}\xff{TOKEN}\n".encode("latin-1"), then_closes=True),
    saying(http(f"<html>{PASSWORD} {TOKEN}</html>".encode(), f"500 {VALUE}", f"X-Echo: {TOKEN}")),
)
"""After the last one, a node is left alone for a while over HTTP."""


def assert_clean(*texts: str) -> None:
    """Fail if a text holds a mark."""
    for text in texts:
        for mark in MARKS:
            assert mark not in text


@pytest.mark.parametrize("scheme", ["https", "tcp", "wss"])
async def test_the_process_tells_no_secret_on_any_bad_day(nodes: Nodes, secret_file: Callable[[str, str], str]) -> None:
    """At log level debug, through every failure: its output, its pages, and what the other commands print."""
    token = secret_file("token", f"{TOKEN}\n")
    module = f"modules: {{default: {{databases: [{{name: shop, token_file: {token}}}]"
    if nodes.tls.ca_file:
        module += f", tls: {{ca_file: {nodes.tls.ca_file}}}"
    config = secret_file("config.yaml", f"{module}}}}}\n")
    every = [f"--collector.{collector.name}" for collector in collectors.COLLECTORS]
    arguments = ("--config.file", config, *every)
    variables = {"NUN_PWD": PASSWORD, "PYTHONASYNCIODEBUG": "1"}
    async with (
        nodes(answering(SECRETIVE)) as node,
        Exporter(node.url, *arguments, "--log.level", "debug", **variables) as exporter,
    ):
        pages: list[Page] = [await fetch(f"{exporter.url}/")]
        for behaviour in BAD_DAYS[:-1]:
            node.behaviour = behaviour
            await node.restart()
            pages.append(await exporter.metrics("0.4"))
        node.behaviour = answering(SECRETIVE)
        await node.restart()
        pages.append(await fetch(f"{exporter.url}/report"))
        pages.append(await exporter.metrics())
        assert pages[-1].samples["nundb_database_conflicts", "shop", "unresolved"] == 1
        reports = [
            await run(*command, *arguments, url=node.url, **variables)
            for command in (("check",), ("check", "--json"), ("pending",), ("pending", "--json"))
        ]
        node.behaviour = BAD_DAYS[-1]
        await node.restart()
        pages.append(await exporter.metrics())
        await node.stop()
        pages.append(await fetch(f"{exporter.url}/report"))
        pages.append(await exporter.metrics())
        exporter.send(signal.SIGTERM)
        assert await exporter.ended() == 0
        await node.start()
    assert len(exporter.output.splitlines()) > len(BAD_DAYS)
    assert_clean(exporter.output, *(page.text for page in pages), *(str(page.headers) for page in pages))
    assert_clean(*(report.stdout + report.stderr for report in reports))


FLEET = """
modules:
  default: {{user: nun, password_file: password, databases: [{{name: shop, token_file: token}}]}}
targets:
  allow: ["127.0.0.1:{port}"]
  nodes: ["{url}", "http://127.0.0.1:9"]
log: {{level: debug}}
"""
MISPLACED = (
    f"modules: {{default: {{password: {PASSWORD}}}}}",
    f"modules: {{default: {{user: {PASSWORD} {TOKEN}}}}}",
    f"modules: {{default: {{databases: {TOKEN}}}}}",
    f"modules: {{default: {{databases: [{{name: '{TOKEN};', token_file: token}}]}}}}",
    f"modules: {{default: {{tls: {PASSWORD}, password_file: [{PASSWORD}]}}}}",
    f"targets: {{nodes: ['http://nun:{PASSWORD}@localhost:3013']}}",
    f"targets: {{allow: ['nun:{PASSWORD}@a:1']}}",
    f"log: {{level: {PASSWORD}}}",
    f"*{PASSWORD}",
)
"""Files with a secret where none belongs."""


@pytest.mark.slow
async def test_a_fleet_tells_no_secret_on_any_bad_day(secret_file: Callable[[str, str], str]) -> None:
    """Probes with and without debug, discovery, report and pages of several nodes, and reloads of files with errors."""
    secret_file("password", f"{PASSWORD}\n")
    secret_file("token", f"{TOKEN}\n")
    async with ScriptedNode(answering(SECRETIVE)) as node:
        content = FLEET.format(url=node.url, port=node.url.rpartition(":")[2])
        file = secret_file("fleet.yml", content)
        variables = ("NUN_USER", "NUN_PWD", "NUN_URL")
        without = ["env", *(word for name in variables for word in ("-u", name))]
        async with Exporter("", "--config.file", file, starter=without, PYTHONASYNCIODEBUG="1") as exporter:
            pages: list[Page] = []
            for behaviour in BAD_DAYS:
                node.behaviour = behaviour
                await node.restart()
                target = f"target={node.url}"
                paths = (f"/probe?{target}", f"/probe?{target}&debug=true", f"/?{target}", "/sd", "/report", "/")
                pages += [await fetch(f"{exporter.url}{path}", timeout_header="2") for path in paths]
            for misplaced in MISPLACED:
                secret_file("fleet.yml", misplaced)
                pages.append(await fetch(f"{exporter.url}/-/reload", method="POST"))
                assert pages[-1].status == 500
                checked = await run("check-config", file)
                assert checked.code == 1
                assert_clean(checked.stdout, checked.stderr)
            secret_file("password", f"{PASSWORD};\n")
            secret_file("fleet.yml", content)
            pages.append(await fetch(f"{exporter.url}/-/reload", method="POST"))
            assert "contains a semicolon" in pages[-1].text
            exporter.send(signal.SIGTERM)
            assert await exporter.ended() == 0
    assert any("nundb_database_conflicts" in page.text for page in pages)
    assert "level=debug" in exporter.output
    assert_clean(exporter.output, *(page.text for page in pages), *(str(page.headers) for page in pages))


def _own(roots: Iterable[object]) -> Iterator[object]:
    """Yield every object of ours that can be reached from the roots."""
    seen: set[int] = set()
    waiting = list(roots)
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, (type, types.ModuleType, types.FrameType)):
            continue
        seen.add(id(item))
        if type(item).__module__.startswith("nundb_exporter"):
            yield item
        if not isinstance(item, (types.FunctionType, ssl.SSLContext, logging.Logger, asyncio.AbstractEventLoop)):
            waiting += gc.get_referents(item)


async def test_no_object_shows_a_secret(nodes: Nodes, caplog: pytest.LogCaptureFixture) -> None:
    """`repr`, `str` and a format string of all that a scrape makes and keeps, on good days and bad."""
    caplog.set_level(logging.DEBUG)
    kinds: set[str] = set()
    async with nodes(silent) as server:
        settings = target(
            server.url,
            tls=nodes.tls,
            credentials=Credentials("nun", Secret(PASSWORD)),
            databases=(DatabaseAccess("shop", Secret(TOKEN)),),
            collectors=tuple(collector.name for collector in collectors.COLLECTORS),
        )
        web = Server(Fleet.of(settings), Web(listen=(("127.0.0.1", 0),)))
        scraper = web.nodes.configured[0].scraper
        for behaviour in BAD_DAYS:
            server.behaviour = behaviour
            await server.restart()
            scrape = await scraper.scrape(asyncio.get_running_loop().time() + 0.2)
            for item in _own([scraper, web, scrape, settings]):
                kinds.add(type(item).__name__)
                assert_clean(repr(item), str(item), f"{item}")
        await scraper.close()
    assert {
        "Target",
        "Credentials",
        "Secret",
        "Command",
        "Answers",
        "Reply",
        "Scrape",
        "TargetError",
        "Sample",
    } <= kinds
    assert_clean(caplog.text)


def test_what_is_read_of_pending_operations_holds_no_value() -> None:
    """A key's name is told; its value, a token or a user's password is not even kept."""
    listing = SECRETIVE["debug pending-ops"].message
    assert listing
    operations = pending_operations(listing.rstrip("\n"))
    assert len(operations) == 4
    assert_clean(repr(operations))


async def test_a_defect_of_a_collector_is_logged_without_what_it_read(caplog: pytest.LogCaptureFixture) -> None:
    """Python puts values into the texts of its own errors; the log tells the kind and the way to it."""

    def parse(_: Answers) -> Iterator[Sample]:
        yield Sample(collectors.oplog.SIZE, (), int(VALUE))

    broken = dataclasses.replace(collectors.oplog.COLLECTOR, parse=parse)
    async with ScriptedNode(answering()) as node:
        scraper = Scraper(target(node.url), collectors=(broken, *collectors.COLLECTORS[1:]))
        scrape = await scraper.scrape(asyncio.get_running_loop().time() + 5)
        await scraper.close()
    assert scrape.error is None
    assert scrape.failures == {"oplog": "defect: ValueError"}
    assert "ValueError" in caplog.text
    assert "in parse" in caplog.text
    assert_clean(caplog.text, render(scrape.samples, Format.TEXT).text)
