"""The state file: where reading went on, of nobody else's file, and nothing of the log itself."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nundb_exporter.errors import ConfigError
from nundb_exporter.log import places

from .following import following, poll
from .writing import LOG


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"version": 1, "places": {"a": {"device": 1, "inode": 1, "offset": 1e999, "digest": "", "is_torn": false}}}',
        '{"version": 1, "places": {"a": {"device": 1, "inode": 1, "offset": -1, "digest": "", "is_torn": false}}}',
    ],
    ids=["deep", "infinite", "negative"],
)
def test_a_state_that_no_exporter_has_written_is_refused(text: str, tmp_path: Path) -> None:
    """Whatever is wrong with it."""
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="is no state of this exporter; name another file, or remove it"):
        places.load(path)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to(os.devnull), os.mkdir])
def test_a_state_file_is_a_file(make: Callable[[Path], None], tmp_path: Path) -> None:
    """A pipe would be waited for, and the exporter would put a file in the place of a device."""
    make(tmp_path / "state.json")
    with pytest.raises(ConfigError, match="is no regular file; name a file"):
        places.load(tmp_path / "state.json")


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"version": 2, "places": {}}', '{"version": 1, "places": {"a": 1}}', "x"]
)
def test_a_file_that_is_no_state_is_left_alone(text: str, tmp_path: Path) -> None:
    """The setting may name the wrong file."""
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"--nundb\.log\.state-file"):
        places.load(path)


def test_no_state_is_a_fresh_start(tmp_path: Path) -> None:
    """Neither a missing file nor an empty one, which a power failure may leave, is an error."""
    assert places.load(tmp_path / "state.json") == {}
    (tmp_path / "state.json").touch()
    assert places.load(tmp_path / "state.json") == {}


def test_the_state_holds_nothing_of_the_log(tmp_path: Path) -> None:
    """And only its owner may read it."""
    path = tmp_path / "nun-db.log"
    path.write_bytes(LOG)
    follower, _ = following(path)
    poll(follower)
    state = tmp_path / "state.json"
    assert follower.place is not None
    places.save(state, {"log": follower.place})
    assert "key" not in state.read_text()
    assert state.stat().st_mode & 0o777 == 0o600
    assert places.load(state) == {"log": follower.place}
    follower.close()
