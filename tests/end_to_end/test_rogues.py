"""Who is not allowed receives nothing from /probe: no password, no packet, not even a question for its name.

The exporter runs in namespaces of its own, where a name server and a listener write down all that reaches them.
"""

from pathlib import Path

from .namespaces import run

NETWORK = """
ip link set lo up
ip addr add 10.1.0.7/32 dev lo
ip addr add 169.254.169.254/32 dev lo
printf 'nameserver 127.0.0.1\\noptions timeout:1 attempts:1\\n' > resolv
mount --bind resolv /etc/resolv.conf
printf '127.0.0.1 localhost\\n' > hosts; mount --bind hosts /etc/hosts
"""
SERVING = """
coproc ROGUE { "$PYTHON" -m tests.end_to_end.rogue %s; }; read -r -u "${ROGUE[0]}"
printf 'targets: {nodes: [], allow: ["nun-db-*.example:3013", "10.1.0.0/16:3013"%s]}\\n' > exporter.yml
"$PROGRAM" --config.file exporter.yml --web.listen-address 127.0.0.1:9898 2> log &
until grep -q serves log; do sleep 0.05; done
ask() {
    printf '%%s -> ' "$1"
    curl --silent --get --data-urlencode "target=$1" --write-out '%%{http_code}\\n' --output answer \\
        http://127.0.0.1:9898/probe
    cat answer
}
"""
"""The arguments: the addresses of every name, and further entries of the list."""
HOSTILE = (
    "127.0.0.1:3013",
    "localhost:3013",
    "evil.example:3013",
    "169.254.169.254:3013",
    "169.254.169.254.:3013",
    "[::ffff:127.0.0.1]:3013",
    "[::1]:3013",
    "0.0.0.0:3013",
    "0:3013",
    "127.1:3013",
    "2130706433:3013",
    "0x7f000001:3013",
    "0177.0.0.1:3013",
    "10.1.0.7:3014",
    "nun-db-0.example:3014",
    "nun-db-0.example.evil.example:3013",
    "nun-db-0.evil.example:3013",
    "http://nun-db-0.example:3013@evil.example:3013",
    "http://nun-db-0.example:3013#@evil.example:3013",
    "http://evil.example:3013\\\\@nun-db-0.example:3013",
    "nun-db-0.example%2eevil.example:3013",
    "https://nun-db-0.example:3013",
)


def test_a_target_that_is_not_allowed_costs_no_question_and_no_packet(tmp_path: Path) -> None:
    """Each is refused with status 400; the name server and the listener have heard of none."""
    asking = "\n".join(f"ask '{target}'" for target in HOSTILE)
    told = run(f"{NETWORK}{SERVING % ('127.0.0.1', '')}{asking}\necho '--'; cat asked met log", tmp_path)
    answers, _, heard = told.partition("--\n")
    assert answers.count(" -> 400\n400 Bad Request: ") == len(HOSTILE), told
    assert "serves" in heard, told
    assert not (tmp_path / "asked").read_text(), told
    assert not (tmp_path / "met").read_text(), told


def test_an_allowed_name_that_leads_elsewhere_is_looked_up_and_not_dialled(tmp_path: Path) -> None:
    """As an attacker's name server would have it: this machine, and where clouds serve credentials."""
    told = run(f"{NETWORK}{SERVING % ('127.0.0.1 169.254.169.254', '')}ask nun-db-0.example:3013", tmp_path)
    assert "-> 400\n" in told, told
    assert "127.0.0.1, 169.254.169.254: not allowed, so not dialled" in told
    assert "nun-db-0.example" in (tmp_path / "asked").read_text()
    assert not (tmp_path / "met").read_text(), told


def test_of_a_name_s_addresses_only_those_in_the_list_are_dialled(tmp_path: Path) -> None:
    """Though another one stands before it; what is dialled is what was checked."""
    told = run(f"{NETWORK}{SERVING % ('127.0.0.1 10.1.0.7', '')}ask nun-db-0.example:3013", tmp_path)
    assert "-> 200\n" in told, told
    met = (tmp_path / "met").read_text()
    assert "10.1.0.7\n" in met, told
    assert "127.0.0.1\n" not in met, told


def test_a_metadata_address_that_is_written_out_is_dialled(tmp_path: Path) -> None:
    """Somebody has meant it: the listener shows that it would have been met in the other tests."""
    told = run(f"{NETWORK}{SERVING % ('127.0.0.1', ', 169.254.169.254:3013')}ask 169.254.169.254:3013", tmp_path)
    assert "-> 200\n" in told, told
    assert "169.254.169.254\n" in (tmp_path / "met").read_text()
