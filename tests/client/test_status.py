"""What is told of an answer that is not Nun-db's own."""

import pytest

from nundb_exporter.client.status import InternalServerError, refusal
from nundb_exporter.config.settings import parse_endpoint
from nundb_exporter.errors import ProtocolError, Reason, TargetError

NODE = parse_endpoint("NUN_URL", "http://nun-db:3013")


@pytest.mark.parametrize("status", [502, 503, 504, 520, 522, 524, 526, 530, 599])
def test_a_proxy_without_a_node_is_a_failure_of_the_connection(status: int) -> None:
    """The node has not answered, whatever the proxy says."""
    error = refusal(NODE, status, "")
    assert isinstance(error, TargetError)
    assert error.reason is Reason.CONNECT
    assert error.detail == (
        f"answer: HTTP status {status}: the proxy at nun-db:3013 has no node behind it, or none that answers"
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (101, "goes on in another protocol: check the scheme"),
        (401, "asks for a login of its own"),
        (403, "forbids the request"),
        (404, "there is no node at this address and path"),
        (405, "takes no such request"),
        (408, "has given up waiting"),
        (418, "what answers there is not Nun-db: check the address"),
        (426, "check the scheme"),
        (429, "scrape less often"),
    ],
)
def test_a_refusal_says_what_to_look_at(status: int, words: str) -> None:
    """Something before the node has answered."""
    error = refusal(NODE, status, "")
    assert isinstance(error, ProtocolError)
    assert str(error).startswith(f"HTTP status {status}: ")
    assert words in str(error)


def test_status_500_is_told_from_the_others() -> None:
    """It is the only one that is Nun-db's own."""
    error = refusal(NODE, 500, "")
    assert isinstance(error, InternalServerError)
    assert "look at its log" in str(error)


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("https://login.example/?next=secret", "it points to https://login.example,"),
        ("https://user:secret@login.example:8443/secret", "it points to https://login.example:8443,"),
        ("http://[2001:db8::1]/secret", "it points to http://[2001:db8::1],"),
        ("//login.example/secret", "it points to login.example,"),
        ("/secret", "it points to another path of the same server,"),
        ("http://[secret", "it points to another path of the same server,"),
        ("", "it does not say where to,"),
    ],
)
def test_a_redirect_names_the_host_that_it_points_to_alone(location: str, words: str) -> None:
    """A path, a query or credentials may hold secrets."""
    told = str(refusal(NODE, 302, location))
    assert words in told
    assert "secret" not in told
