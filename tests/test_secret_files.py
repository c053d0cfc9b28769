"""Secrets in files: what is taken of a file, and what its changes do while the exporter runs."""

import logging
import os
from pathlib import Path

import pytest

from nundb_exporter.credentials import check_word
from nundb_exporter.errors import ConfigError
from nundb_exporter.secret_files import SecretFile, SecretFiles


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with a password."""
    path = tmp_path / "password"
    path.write_text("first\n")
    return path


@pytest.fixture
def secret(file: Path) -> SecretFile:
    """Return the secret in the file."""
    return SecretFile("NUN_PWD_FILE", str(file))


@pytest.mark.parametrize("content", [b"two words", b"two words\n", b"two words\r\n", b"\xef\xbb\xbftwo words\r\n"])
def test_what_an_editor_adds_is_not_part_of_a_secret(file: Path, content: bytes) -> None:
    """A byte order mark before it and one line end after it, of either kind."""
    file.write_bytes(content)
    assert SecretFile("NUN_PWD_FILE", str(file)).reveal() == "two words"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xef\xbb\xbf\n", "is empty"),
        (b"a\nb\n", "contains a newline at position 2"),
        (b"a\n\n", "contains a newline"),
        (b"a\r", "contains a carriage return"),
        (b"\xff\xfea\0", "is not UTF-8 text; save it as UTF-8"),
        (b"a \n", "begins or ends with white space"),
        ("a\u200bb\n".encode(), "contains a zero-width character at position 2"),
        (b"a" * 2_000_000, "is larger than 1 MiB"),
    ],
)
def test_a_file_without_a_usable_secret_is_refused_with_its_reason(file: Path, content: bytes, problem: str) -> None:
    """What an editor does not add is the secret's, and is checked as one."""
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=problem):
        SecretFile("NUN_PWD_FILE", str(file))


@pytest.mark.parametrize("name", ["", "/", "\0", "/does/not/exist"])
def test_a_file_that_cannot_be_read_is_named(name: str) -> None:
    """A directory, an impossible name, nothing at all."""
    with pytest.raises(ConfigError, match="cannot read"):
        SecretFile("NUN_PWD_FILE", name)


def test_a_device_without_an_end_is_refused() -> None:
    """Reading it whole would fill the memory."""
    with pytest.raises(ConfigError, match="is larger than 1 MiB"):
        SecretFile("NUN_PWD_FILE", "/dev/zero")


def _rewrite(file: Path) -> None:
    file.write_text("second\n")


def _replace(file: Path) -> None:
    beside = file.with_name("new")
    beside.write_text("second\n")
    os.utime(beside, (0, 0))  # as `cp --preserve` and `rsync` leave it
    beside.replace(file)


def _relink(file: Path) -> None:
    """Swap the directory of a mounted Secret, as a kubelet does."""
    folder = file.with_name("..data")
    folder.mkdir()
    (folder / "password").write_text("second\n")
    file.unlink()
    file.symlink_to(folder / "password")


@pytest.mark.parametrize("change", [_rewrite, _replace, _relink])
def test_a_changed_file_is_read_at_the_next_use(secret: SecretFile, file: Path, change: object) -> None:
    """However it was changed."""
    assert secret.reveal() == "first"
    assert callable(change)
    change(file)
    assert secret.reveal() == "second"


def test_a_second_change_of_the_same_size_is_not_missed(secret: SecretFile, file: Path) -> None:
    """Two changes within one step of the file system's clock look alike."""
    for text in ("aaaaa", "bbbbb", "ccccc"):
        file.write_text(text)
        assert secret.reveal() == text


@pytest.mark.parametrize(("content", "problem"), [(b"", "is empty"), (b"a;", "a semicolon"), (b"\xff", "not UTF-8")])
def test_a_file_without_a_usable_secret_leaves_the_last_good_one(
    secret: SecretFile, file: Path, caplog: pytest.LogCaptureFixture, content: bytes, problem: str
) -> None:
    """It is being written, or was written badly: one line says so, however often the secret is used."""
    file.write_bytes(content)
    for _ in range(3):
        assert secret.reveal() == "first"
    (record,) = caplog.records
    assert problem in record.getMessage()
    assert record.getMessage().endswith("The last good value stays in use")
    file.write_text("second")
    assert secret.reveal() == "second"


def test_a_file_that_goes_leaves_the_last_good_secret(
    secret: SecretFile, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is used again once it is back."""
    file.unlink()
    for _ in range(3):
        assert secret.reveal() == "first"
    assert len(caplog.records) == 1
    assert "no such file" in caplog.text
    file.write_text("second\n")
    assert secret.reveal() == "second"


def test_a_pipe_that_takes_the_place_of_the_file_is_not_read(secret: SecretFile, file: Path) -> None:
    """Opening it would wait for somebody who writes to it, for ever."""
    file.unlink()
    os.mkfifo(file)
    assert secret.reveal() == "first"
    file.unlink()
    file.write_text("second\n")
    assert secret.reveal() == "second"


def test_a_pipe_is_read_once() -> None:
    """As `--nundb.password-file <(pass show nun-db)` gives it."""
    reading, writing = os.pipe()
    os.write(writing, b"first\n")
    os.close(writing)
    secret = SecretFile("NUN_PWD_FILE", f"/dev/fd/{reading}")
    assert secret.reveal() == secret.reveal() == "first"
    os.close(reading)


def test_settings_from_a_pipe_are_read_once() -> None:
    """As `--config.file <(envsubst < nundb.yml)` gives them: at a reload the pipe is at its end, and not the file."""
    reading, writing = os.pipe()
    os.write(writing, b"targets: {}\n")
    os.close(writing)
    files = SecretFiles()
    read = [files.text("--config.file", f"/dev/fd/{reading}") for _ in range(2)]
    assert read == ["targets: {}\n", "targets: {}\n"]
    os.close(reading)


@pytest.mark.parametrize("content", ["", "\n"])
def test_settings_that_have_become_empty_are_refused(file: Path, content: str) -> None:
    """As while they are being written; those that always were are taken."""
    files = SecretFiles()
    file.write_text(content)
    assert files.text("--config.file", str(file)) == content
    file.write_text("targets: {}")
    files.text("--config.file", str(file))
    file.write_text(content)
    with pytest.raises(ConfigError, match="has become empty; restart the exporter if that is meant"):
        files.text("--config.file", str(file))
    file.write_text("modules: {}")
    assert files.text("--config.file", str(file)) == "modules: {}"


def test_a_pipe_in_the_place_of_settings_is_not_waited_for(file: Path) -> None:
    """Opening it would wait for somebody who writes to it, and all scrapes with it."""
    files = SecretFiles()
    files.text("--config.file", str(file))
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(ConfigError, match="is no regular file any more; put the file back"):
        files.text("--config.file", str(file))


def test_a_change_is_told_without_the_secret(secret: SecretFile, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log names the setting and the file."""
    caplog.set_level(logging.INFO)
    file.write_text("second\n")
    assert secret.refresh()
    assert not secret.refresh()
    (record,) = caplog.records
    assert record.getMessage() == f"NUN_PWD_FILE: {file} has changed: its new value is in use"
    assert "second" not in repr(secret)


def test_a_token_that_is_no_word_is_refused(file: Path) -> None:
    """It would be read as a user and another token."""
    file.write_text("user token\n")
    with pytest.raises(ConfigError, match="contains a space"):
        SecretFile("modules.default.databases: token_file of shop", str(file), check_word)
