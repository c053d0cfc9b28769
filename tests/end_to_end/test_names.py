"""Commands that a signal ends at once, and addresses to listen on, whatever the name servers do."""

from pathlib import Path

import pytest

from .namespaces import SILENT_NAME_SERVER, hosts, run

UNKNOWN = "http://nun-db.example:3013"
ASKED = "until [ -e asked ]; do sleep 0.05; done\n"
SERVES = "until grep -qs serves log || ! kill -0 $! 2> /dev/null; do sleep 0.05; done\n"
END = "kill -{} $!; wait $! || code=$?; echo ended with ${{code:-0}}\n"
FREE_TO_INTERRUPT = "env --default-signal=INT"
"""A job in the background would otherwise ignore SIGINT."""


@pytest.mark.parametrize(("number", "code"), [("INT", 130), ("TERM", 143)])
@pytest.mark.parametrize("command", [f"check {UNKNOWN}", f"pending --nundb.url {UNKNOWN}"])
def test_a_silent_name_server_does_not_delay_the_end(tmp_path: Path, command: str, number: str, code: int) -> None:
    """A signal ends the command while the system still asks, and nothing is said."""
    start = f'{FREE_TO_INTERRUPT} "$PROGRAM" {command} --timeout 600 &\n'
    assert run(SILENT_NAME_SERVER + start + ASKED + END.format(number), tmp_path) == f"ended with {code}\n"


def test_an_exporter_whose_node_is_looked_up_in_vain_can_be_ended(tmp_path: Path) -> None:
    """The page gives the reason within its time, and SIGTERM is obeyed although the system still asks."""
    start = f'"$PROGRAM" --nundb.url {UNKNOWN} --web.listen-address 127.0.0.1:9898 2> log &\n'
    scrape = """
"$PYTHON" -c '
import urllib.request
asked = urllib.request.Request("http://127.0.0.1:9898/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": "1"})
page = urllib.request.urlopen(asked).read().decode().splitlines()
print(*(line for line in page if line.startswith("nundb_scrape_failure") and line.endswith(" 1")))
'
"""
    told = run(SILENT_NAME_SERVER + start + SERVES + scrape + END.format("TERM"), tmp_path)
    assert told == 'nundb_scrape_failure{reason="connect"} 1\nended with 0\n'


@pytest.mark.parametrize(("number", "code"), [("INT", 130), ("TERM", 143)])
def test_an_exporter_that_looks_up_its_own_address_can_be_ended(tmp_path: Path, number: str, code: int) -> None:
    """It has not begun to serve, so there is nothing to wait for."""
    start = f'{FREE_TO_INTERRUPT} "$PROGRAM" --web.listen-address exporter.example:9898 &\n'
    assert run(SILENT_NAME_SERVER + start + ASKED + END.format(number), tmp_path) == f"ended with {code}\n"


@pytest.mark.parametrize("address", ["localhost:9898", ":9898"])
def test_of_a_names_addresses_those_are_listened_on_that_there_are(tmp_path: Path, address: str) -> None:
    """In Docker, localhost is ::1 too, which its network does not have; the log says which there are."""
    network = "ip link set lo up\nip -6 addr del ::1/128 dev lo\n" + hosts("::1 localhost")
    start = f'"$PROGRAM" --web.listen-address {address} 2> log &\n'
    ask = '"$PYTHON" -c \'import urllib.request as u; print(u.urlopen("http://127.0.0.1:9898/-/healthy").status)\'\n'
    told = run(network + start + SERVES + ask + END.format("TERM") + "grep serves log", tmp_path)
    status, ended, *served = told.splitlines()
    assert (status, ended) == ("200", "ended with 0")
    if address.startswith("localhost"):
        (line,) = served
        assert "http://127.0.0.1:9898/metrics" in line
