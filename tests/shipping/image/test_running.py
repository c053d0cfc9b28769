"""How the image runs: as the tightest container that an operator would give it."""

import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from nundb_devserver import free_port
from nundb_exporter import __version__
from tests.shipping.podman import Podman
from tests.wire.waiting import wait_until

PATIENCE_SECONDS: Final = 120
HARDENED: Final = (
    *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--memory", "48m", "--pids-limit", "16"),
)
"""What Kubernetes calls restricted, with the memory that the examples give."""


def page(port: int, path: str = "/metrics") -> str:
    """Return a page of the exporter; nothing while it does not answer."""
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return str(answer.read().decode())
    return ""


def serving(port: int) -> bool:
    """Tell whether the exporter answers."""
    return page(port, "/-/healthy") != ""


def test_the_command_of_the_older_exporter_does(podman: Podman, image: str) -> None:
    """The three variables and the published port give a page that says what is wrong."""
    port = free_port()
    variables = ("--env", "NUN_USER=nun", "--env", "NUN_PWD=nun-pwd", "--env", "NUN_URL=http://127.0.0.1:1")
    with podman.running(*variables, "-p", f"127.0.0.1:{port}:9898", image):
        wait_until(lambda: serving(port), "the exporter answers", seconds=PATIENCE_SECONDS)
        assert 'nundb_scrape_failure{reason="connect"} 1' in page(port)


@pytest.mark.parametrize("user", ["65532:65532", "1000770000:0"])
def test_it_scrapes_as_any_user_without_any_right(podman: Podman, image: str, tmp_path: Path, user: str) -> None:
    """A node of the same image beside it in the pod, the password in a file as a Secret is mounted."""
    password = tmp_path / "password"
    password.write_text("nun-pwd\n", encoding="utf-8")
    password.chmod(0o444)
    tmp_path.chmod(0o755)
    port = free_port()
    with (
        podman.running("-p", f"127.0.0.1:{port}:9898", image, "devserver") as node,
        podman.running(
            *HARDENED,
            *("--user", user, "--network", f"container:{node}", "--env", "NUN_USER=nun"),
            *("--env", "NUN_PWD_FILE=/run/secrets/nun", "--volume", f"{password}:/run/secrets/nun:ro", image),
        ) as exporter,
    ):
        wait_until(lambda: "nundb_up 1" in page(port), "the node is scraped", seconds=PATIENCE_SECONDS)
        podman("healthcheck", "run", exporter)
        podman("stop", "--time", "60", exporter)
        state = podman.inspect(exporter)["State"]
        assert (state["ExitCode"], state["OOMKilled"]) == (0, False)


def test_a_server_that_does_not_answer_is_unhealthy(podman: Podman, image: str) -> None:
    """The health check asks the server, and not whether a process is there."""
    with podman.running(image, "devserver") as node:
        assert podman("healthcheck", "run", node, check=False).returncode == 1


def test_the_same_image_has_the_other_commands(podman: Podman, image: str) -> None:
    """A job checks a cluster with it, and a newcomer watches the demo."""
    assert __version__ in podman("run", "--rm", *HARDENED, image, "--version").stdout
    checked = podman(
        *("run", "--rm", *HARDENED, "--env", "NUN_USER=nun", "--env", "NUN_PWD=nun-pwd"),
        *(image, "check", "http://127.0.0.1:1"),
        check=False,
    )
    assert checked.returncode == 1
    assert "connection refused" in checked.stdout
    assert "Ended; nothing is left." in podman("run", "--rm", image, "demo", "--duration", "1").stdout
