"""The web configuration file and what it names are read again when they have changed, and never half."""

import logging
import os
from pathlib import Path

import pytest

from nundb_exporter.errors import ConfigError
from nundb_exporter.web.guard import Configuration

from .guarding import TLS, Folder, Guarded, guarding, hashed

USERS = f"basic_auth_users:\n  alice: {hashed('one')}\n"
PAST = 1_700_000_000
"""A time long ago: a file that was changed then is looked at, and not read, before it changes again."""


async def serial_number(server: Guarded, folder: Folder) -> str:
    """Return that of the certificate that the server shows to a new connection."""
    certificate = (await server.handshake(folder.trusting())).getpeercert()
    assert certificate
    return str(certificate["serialNumber"])


async def test_a_new_certificate_is_shown_to_the_next_connection(folder: Folder) -> None:
    """As often as there is one."""
    async with guarding(folder.write(TLS)) as server:
        seen = {await serial_number(server, folder)}
        for count in (2, 3):
            folder.renew()
            seen.add(await serial_number(server, folder))
            assert len(seen) == count


async def test_swapped_folders_are_followed(folder: Folder) -> None:
    """As Kubernetes updates a Secret: names are links through `..data`, which is a link that is replaced as a whole."""
    names = ("server.crt", "server.key", "web.yml")
    folder.write(TLS)

    def swap(version: str) -> None:
        folder.renew()
        (folder.path / version).mkdir()
        for name in names:
            source = folder.path / name
            (folder.path / version / name).write_bytes(source.read_bytes())
        (folder.path / "new").symlink_to(version)
        (folder.path / "new").rename(folder.path / "mounted" / "..data")

    (folder.path / "mounted").mkdir()
    (folder.path / "mounted" / "..data").symlink_to("..")
    for name in names:
        (folder.path / "mounted" / name).symlink_to(f"..data/{name}")
    for version in ("1", "2", "3"):
        (folder.path / "mounted" / version).symlink_to(f"../{version}")
    swap("1")
    async with guarding(str(folder.path / "mounted" / "web.yml")) as server:
        seen = {await serial_number(server, folder)}
        for version in ("2", "3"):
            swap(version)
            seen.add(await serial_number(server, folder))
    assert len(seen) == 3


async def test_a_certificate_whose_key_comes_later_is_used_when_both_are_there(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    """Meanwhile the last ones serve, and the log says so once."""
    async with guarding(folder.write(TLS)) as server:
        first = await serial_number(server, folder)
        old_key = (folder.path / "server.key").read_bytes()
        folder.renew()
        new_key = (folder.path / "server.key").read_bytes()
        (folder.path / "server.key").write_bytes(old_key)
        assert await serial_number(server, folder) == first
        assert await serial_number(server, folder) == first
        (folder.path / "server.key").write_bytes(new_key)
        assert await serial_number(server, folder) != first
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "does not belong to the certificate" in warning.getMessage()
    assert "What was read last stays in use" in warning.getMessage()


async def test_a_new_authority_of_clients_is_asked_at_the_next_connection(folder: Folder) -> None:
    """Those whom only the old one knows are strangers then."""
    policy = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.pem\n"
    (folder.path / "clients.pem").write_bytes((folder.path / "ca.pem").read_bytes())
    client = folder.trusting(folder.client("prometheus"))
    async with guarding(folder.write(TLS + policy)) as server:
        await server.handshake(client)
        other = folder.path / "other"
        other.mkdir()
        (folder.path / "clients.pem").write_bytes((Folder(other).path / "ca.pem").read_bytes())
        with pytest.raises(OSError):  # noqa: PT011 - a reset or an alert, as the system and the version have it
            await server.handshake(client)


async def test_users_change_at_the_next_request(folder: Folder) -> None:
    """New ones come in, those that are gone do not, although their login was remembered."""
    async with guarding(folder.write(USERS)) as server:
        assert await server.status(login="alice:one") == 200
        folder.write(f"basic_auth_users:\n  bob: {hashed('two')}\n")
        assert await server.status(login="alice:one") == 401
        assert await server.status(login="bob:two") == 200
        folder.write(f"basic_auth_users:\n  bob: {hashed('three')}\n")
        assert await server.status(login="bob:two") == 401
        assert await server.status(login="bob:three") == 200


@pytest.mark.parametrize(
    "text", ["", "# just being written", USERS[:-9], "basic_auth_users:\n", "basic_auth_users: [", "rate_limit: {}"]
)
async def test_what_is_written_by_half_keeps_what_was_read_last(
    text: str, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    """A file without users must not let everybody in for a moment."""
    caplog.set_level(logging.INFO)
    async with guarding(folder.write(USERS)) as server:
        folder.write(text)
        for _ in range(3):
            assert await server.status() == 401
            assert await server.status(login="alice:one") == 200
        folder.write(USERS + "http_server_config: {headers: {X-XSS-Protection: 1}}\n")
        assert (await server.ask(login="alice:one")).headers["X-XSS-Protection"] == "1"
    warning, changed = [record.getMessage() for record in caplog.records if "web.yml" in record.getMessage()]
    assert "What was read last stays in use" in warning
    assert "it is in use now" in changed


@pytest.mark.parametrize(
    ("before", "after", "gone"),
    [
        (TLS, "", "tls_server_config"),
        ("", TLS, "tls_server_config"),
        (USERS, "", "basic_auth_users"),
        (f"{TLS}  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.pem\n", TLS, "client_auth_type"),
        (
            f"{TLS}  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.pem\n  client_allowed_sans: [a]\n",
            f"{TLS}  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.pem\n",
            "client_allowed_sans",
        ),
    ],
)
def test_what_protects_is_not_taken_away_without_a_restart(
    before: str, after: str, gone: str, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor is TLS switched on for clients that do not speak it."""
    configuration = Configuration(folder.write(before))
    first = configuration.file
    folder.write(after)
    assert configuration.file is first
    assert f"{gone} has come or gone since the start; restart" in caplog.text


def test_a_file_that_has_gone_stays_in_use(folder: Folder) -> None:
    """Whatever has removed it."""
    configuration = Configuration(folder.write(USERS))
    first = configuration.file
    (folder.path / "web.yml").unlink()
    assert configuration.file is first


@pytest.mark.parametrize("name", ["web.yml", "server.crt"])
def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(
    folder: Folder, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Every request would wait with it for somebody who writes to the pipe."""
    configuration = Configuration(folder.write(TLS))
    (folder.path / name).unlink()
    os.mkfifo(folder.path / name)
    assert configuration.file.tls is not None
    assert f"{folder.path / name} is no regular file any more; put the file back. What was read last" in caplog.text


def test_files_that_do_not_change_are_looked_at_and_not_read(folder: Folder) -> None:
    """A context stays the same, for many connections."""
    path = folder.write(TLS)
    configuration = Configuration(path)
    assert configuration.context() is configuration.context()


def test_a_file_that_cannot_be_used_at_the_start_is_an_error(tmp_path: Path) -> None:
    """There is no last one."""
    with pytest.raises(ConfigError, match=r"--web\.config\.file: cannot read .*no-such\.yml"):
        Configuration(str(tmp_path / "no-such.yml"))


def test_a_change_within_the_same_tick_of_the_clock_is_seen(folder: Folder) -> None:
    """A file that was changed just now is read at every use: the second change may show nowhere but in its content."""
    path = folder.write(USERS)
    configuration = Configuration(path)
    before = Path(path).stat()
    folder.write(USERS.replace("alice", "carol"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert list(configuration.file.users) == ["carol"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("http_server_config: {http2: true}\n", "http2 is not spoken here"),
        ("rate_limit: {interval: 1s}\n", "with a burst of 0, rate_limit refuses every request"),
        (f"{TLS}  client_auth_type: VerifyClientCertIfGiven\n", "every authority that this system trusts"),
        (f"{TLS}  client_allowed_sans: [a]\n", "client_allowed_sans does nothing without a client_auth_type"),
    ],
)
def test_what_may_surprise_is_told_at_the_start(
    text: str, told: str, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    """The toolkit does the same, or the like, without a word."""
    caplog.set_level(logging.INFO)
    Configuration(folder.write(text))
    assert told in caplog.text
