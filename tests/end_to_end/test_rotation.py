"""Secrets that change while the exporter runs."""

import ssl
from pathlib import Path

import pytest
import trustme

from nundb_exporter.config.settings import Tls
from tests.wire.behaviours import answering
from tests.wire.exporter import Exporter, serving, target
from tests.wire.pages import Page, fetch
from tests.wire.replies import GOOD, PASSWORD, USER, Said
from tests.wire.scripted import Behaviour, ScriptedNode
from tests.wire.waiting import until

from .conftest import Certificates

TOKEN = "shop-token"
NEW_PASSWORD = "m4rk-new-password"
NEW_TOKEN = "m4rk-new-token"
SHOP_CONNECTIONS = ("nundb_database_connections", "shop")


def rotated(*, password: str = PASSWORD, token: str = TOKEN) -> Behaviour:
    """Answer well to whom has these secrets."""
    secrets = {f"auth {USER} {password}": Said("valid auth\n"), f"use-db shop {token}": Said()}
    others = {command: said for command, said in GOOD.items() if not command.startswith(("auth ", "use-db "))}
    refused = {f"auth {USER} {PASSWORD}": Said("invalid auth\n"), f"use-db shop {TOKEN}": Said("Invalid token\n")}
    return answering({**others, **refused, **secrets})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a directory with a configuration file and the secrets that it names."""
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "nundb.yml").write_text(
        "modules: {default: {password_file: password, databases: [{name: shop, token_file: token}]}}"
    )
    return tmp_path


def exporter_of(node: ScriptedNode, folder: Path) -> Exporter:
    """Return an exporter whose secrets are in the folder's files."""
    return Exporter(node.url, "--config.file", str(folder / "nundb.yml"), NUN_PWD=None)


def is_complete(page: Page) -> bool:
    """Whether the node is up and its database was opened."""
    return page.is_up and SHOP_CONNECTIONS in page.samples


@pytest.mark.parametrize("scheme", ["http", "tcp"])
async def test_changed_secrets_are_used_at_the_next_scrape(scheme: str, folder: Path) -> None:
    """The node has new ones before the files do: one reason until then, and none after."""
    async with ScriptedNode(rotated(), scheme) as node, exporter_of(node, folder) as exporter:
        assert is_complete(await exporter.metrics())
        node.behaviour = rotated(password=NEW_PASSWORD, token=NEW_TOKEN)
        await node.restart()
        assert (await exporter.metrics()).reasons == ["auth"]
        (folder / "password").write_text(f"{NEW_PASSWORD}\n")
        (folder / "token").write_text(f"{NEW_TOKEN}\n")
        assert is_complete(await exporter.metrics())
        assert "m4rk" not in exporter.output


async def test_a_file_that_is_being_written_loses_no_scrape(folder: Path) -> None:
    """Empty, half a character, or gone for a moment: the last good secret goes on."""
    async with ScriptedNode(rotated()) as node, exporter_of(node, folder) as exporter:
        for content in (b"", b"\xc3", None):
            if content is None:
                (folder / "password").unlink()
            else:
                (folder / "password").write_bytes(content)
            for _ in range(2):
                assert (await exporter.metrics()).is_up
        await until(lambda: exporter.output.count("The last good value stays in use") == 3)


async def test_renewed_certificates_are_used_from_the_next_connection_on(
    certificates: Certificates, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Those that cannot be used leave the last ones, and the log says so."""
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificates.authority.issue_cert("127.0.0.1").configure_cert(own)
    own.verify_mode = ssl.CERT_REQUIRED
    certificates.authority.configure_trust(own)
    file = tmp_path / "ours.pem"
    stranger, ours = (authority.issue_cert("exporter.test") for authority in (trustme.CA(), certificates.authority))
    stranger.private_key_and_cert_chain_pem.write_to_path(file)
    settings = Tls(ca_file=certificates.trusting.ca_file, cert_file=str(file))
    async with ScriptedNode(answering(), "https", tls=own) as node, serving(target(node.url, tls=settings)) as url:
        assert (await fetch(f"{url}/metrics")).reasons == ["connect"]
        ours.private_key_and_cert_chain_pem.write_to_path(file)
        assert (await fetch(f"{url}/metrics")).is_up
        file.write_text("half a certif")
        await node.restart()
        assert (await fetch(f"{url}/metrics")).is_up
        assert "The last good certificates stay in use" in caplog.text
