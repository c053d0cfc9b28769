"""The program with --web.config.file, and who scrapes it: curl, and a real Prometheus."""

import asyncio
import json
import shutil
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import trustme

from nundb_devserver import free_port
from nundb_exporter.demo.prometheus import Prometheus
from tests.programs import needed
from tests.wire.behaviours import answering
from tests.wire.exporter import Exporter
from tests.wire.program import run
from tests.wire.scripted import ScriptedNode
from tests.wire.waiting import eventually

EXAMPLE = Path(__file__).parents[2] / "deploy" / "exporter" / "web-config.yml"
USER, PASSWORD = "prometheus", "nundb-example"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a directory with the example and the certificate that it names."""
    shutil.copy(EXAMPLE, tmp_path)
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "server.key"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "server.crt"))
    return tmp_path


@asynccontextmanager
async def exporting(folder: Path, *arguments: str) -> AsyncIterator[Exporter]:
    """Yield an exporter with the folder's web configuration."""
    async with (
        ScriptedNode(answering()) as node,
        Exporter(node.url, "--web.config.file", str(folder / EXAMPLE.name), *arguments) as exporter,
    ):
        yield exporter


async def status(exporter: Exporter, folder: Path, path: str, *, is_user: bool = True) -> tuple[int, str]:
    """Return the status of an answer, and its text."""
    tls = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    headers = {"Authorization": aiohttp.encode_basic_auth(USER, PASSWORD)} if is_user else {}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{exporter.url}{path}", ssl=tls) as response,
    ):
        return response.status, await response.text()


async def test_the_example_asks_for_tls_and_a_password(folder: Path) -> None:
    """As its comments say; refused logins are counted on the page of metrics."""
    async with exporting(folder) as exporter:
        assert exporter.url.startswith("https://")
        assert (await status(exporter, folder, "/metrics", is_user=False))[0] == 401
        assert (await status(exporter, folder, "/-/healthy", is_user=False))[0] == 401
        code, text = await status(exporter, folder, "/metrics")
        assert code == 200
        assert "nundb_up 1\n" in text
        assert "nundb_exporter_logins_refused_total 2\n" in text
        for path in ("/", "/report"):
            assert (await status(exporter, folder, path))[0] == 200


async def test_health_may_be_open(folder: Path) -> None:
    """For probes, which have no password; nothing else is."""
    async with exporting(folder, "--web.open-health") as exporter:
        for path, expected in (("/-/healthy", 200), ("/-/ready", 200), ("/metrics", 401)):
            assert (await status(exporter, folder, path, is_user=False))[0] == expected


async def test_curl_scrapes_it_with_a_password(folder: Path) -> None:
    """With nothing but what the example and its certificate give."""
    async with exporting(folder) as exporter:
        process = await asyncio.create_subprocess_exec(
            needed("curl"),
            *("--silent", "--fail", "--cacert", folder / "ca.pem", "--user", f"{USER}:{PASSWORD}"),
            f"{exporter.url}/metrics",
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
    assert process.returncode == 0
    assert b"\nnundb_up 1\n" in output


async def test_the_page_has_no_metric_of_logins_where_there_are_no_users(folder: Path) -> None:
    """It would be 0 for ever."""
    (folder / EXAMPLE.name).write_text("rate_limit: {interval: 1ms, burst: 100}\n")
    async with exporting(folder) as exporter:
        assert exporter.url.startswith("http://")
        page = await exporter.metrics()
    assert page.is_up
    assert not any("logins_refused" in key[0] for key in page.samples)


async def test_no_secret_of_the_file_is_in_the_log(folder: Path) -> None:
    """At the most talkative level, with a right login, a wrong one, and a file that goes wrong."""
    text = (folder / EXAMPLE.name).read_text()
    (hashed,) = [line.split()[1] for line in text.splitlines() if line.startswith(f"  {USER}: ")]
    async with exporting(folder, "--log.level", "debug") as exporter:
        await status(exporter, folder, "/metrics")
        await status(exporter, folder, "/metrics", is_user=False)
        (folder / EXAMPLE.name).write_text(text.replace(hashed, f"{hashed[:-3]}"))
        await status(exporter, folder, "/metrics")
        exporter.send(signal.SIGTERM)
        assert await exporter.ended() == 0
    assert "has no hash of bcrypt" in exporter.output
    key = (folder / "server.key").read_text().splitlines()[1]
    for secret in (PASSWORD, hashed[:-3], key):
        assert secret not in exporter.output


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("tls_server_confg: {}", "web-config.yml:1: unknown key tls_server_confg; did you mean tls_server_config?"),
        (
            "tls_server_config:\n  cert_file: no-such\n  key_file: server.key\n",
            "web-config.yml:2: cert_file: cannot read",
        ),
        ("basic_auth_users:\n  alice: secret\n", "web-config.yml:2: alice has no hash of bcrypt"),
    ],
)
async def test_a_file_that_cannot_be_used_ends_it_with_2_and_one_line(text: str, line: str, folder: Path) -> None:
    """Which says where, and what to do."""
    path = folder / EXAMPLE.name
    path.write_text(text)
    ended = await run("--web.config.file", str(path), url="http://127.0.0.1:1")
    assert ended.code == 2
    (told,) = ended.stderr.splitlines()
    assert told.startswith("nundb-exporter: ")
    assert line in told


@pytest.mark.slow
async def test_prometheus_scrapes_it_with_tls_and_a_password(folder: Path, tmp_path: Path) -> None:
    """As its documentation says, with nothing of our own in between."""
    binary = needed("prometheus")
    port = free_port()
    async with exporting(folder) as exporter:
        (folder / "password").write_text(PASSWORD)
        settings = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
            "scrape_configs": [
                {
                    "job_name": "nundb",
                    "scheme": "https",
                    "tls_config": {"ca_file": str(folder / "ca.pem")},
                    "basic_auth": {"username": USER, "password_file": str(folder / "password")},
                    "static_configs": [{"targets": [exporter.url.removeprefix("https://")]}],
                }
            ],
        }
        prometheus = Prometheus(binary, tmp_path / "prometheus", port)
        await prometheus.start(settings, {})
        try:

            async def value() -> list[str]:
                async with (
                    aiohttp.ClientSession() as session,
                    session.get(f"http://127.0.0.1:{port}/api/v1/query", params={"query": "nundb_up"}) as answer,
                ):
                    found = json.loads(await answer.text())["data"]["result"]
                    return [series["value"][1] for series in found]

            await eventually(value, lambda found: found == ["1"])
        finally:
            await prometheus.stop()
