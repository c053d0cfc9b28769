"""Networks as they are: hosts that are off, silent name servers, names with a dead address, strict proxies.

Each runs in network, mount and process namespaces of its own, where it may lay out addresses and name servers.
"""

from pathlib import Path

import pytest

from .namespaces import SILENT_NAME_SERVER, hosts, run

DEAD_ADDRESS = """
ip link set lo up
ip link add v0 type veth peer name v1
ip addr add 10.7.7.1/24 dev v0
ip addr add 2001:db8::1/64 dev v0 nodad
ip link set v0 up
ip link set v1 up
ip neigh add 10.7.7.9 lladdr 02:00:00:00:00:09 dev v0 nud permanent
ip neigh add 2001:db8::9 lladdr 02:00:00:00:00:09 dev v0 nud permanent
"""
"""10.7.7.9 and 2001:db8::9 answer nothing, as a host that is off, or one behind a firewall that drops packets."""


SERVING = 'coproc NODE { "$PYTHON" -m tests.wire.healthy %s; }; read -r -u "${NODE[0]}"\n'


def test_a_host_that_is_off_is_a_failure_of_the_connection(tmp_path: Path) -> None:
    """It answers no attempt to connect, so it has not accepted one either."""
    urls = "http://10.7.7.9:3013 https://10.7.7.9:3013 tcp://10.7.7.9:3014 ws://10.7.7.9:3012"
    told = run(f'{DEAD_ADDRESS} for url in {urls}; do "$PROGRAM" check $url --timeout 1 || true; done', tmp_path)
    assert told.count("connect: 10.7.7.9:301") >= 4, told
    assert "no answer to the attempt to connect" in told
    assert "timeout" not in told


@pytest.mark.parametrize("scheme", ["http", "tcp", "ws"])
def test_a_dead_address_of_a_name_does_not_hide_a_living_one(scheme: str, tmp_path: Path) -> None:
    """The name has a silent IPv6 address before its living IPv4 address."""
    names = hosts("2001:db8::9 nun-db", "127.0.0.1 nun-db")
    check = f'"$PROGRAM" check {scheme}://nun-db:3013 --timeout 10'
    told = run(f"{DEAD_ADDRESS}{names}{SERVING % f'{scheme} 3013'}{check}", tmp_path)
    assert f"{scheme}://nun-db:3013  up" in told


def test_silent_name_servers_hold_up_nobody(tmp_path: Path) -> None:
    """The failure is told at the timeout, and the program ends then, though the system's resolver goes on."""
    script = f"""{SILENT_NAME_SERVER}
for command in "check http://nun-db.example:3013" "check ws://nun-db.example:3012" "pending --nundb.url tcp://nun-db.example:3014"
do timeout 60 "$PROGRAM" $command --timeout 1 || echo "exit code $?"; done
"""
    told = run(script, tmp_path)
    assert told.count("lookup: the name servers did not answer in time") >= 3, told
    assert told.count("exit code 1\n") == 3, told


@pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("ws", 80)])
def test_a_strict_proxy_at_the_default_port_is_content(scheme: str, port: int, tmp_path: Path) -> None:
    """It compares the header Host letter by letter with the name that it knows, which has no dot at its end."""
    names = hosts("127.0.0.1 nun-db.example.")
    check = f'"$PROGRAM" check {scheme}://nun-db.example. --timeout 10'
    told = run(f"ip link set lo up\n{names}{SERVING % f'{scheme} {port} nun-db.example'}{check}", tmp_path)
    assert f"{scheme}://nun-db.example.:80  up" in told, told
