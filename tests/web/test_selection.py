"""Which node a query names, and whether it may be asked. Nothing here opens a socket: there is nothing to open."""

import dataclasses
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.config.allow import AllowList, parse_allowed
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import Module, Target, parse_endpoint
from nundb_exporter.credentials import Credentials, Secret
from nundb_exporter.web.selection import RefusedError, configured, leaves_node_out, select

DEFAULT = Module(Credentials("nun", Secret("nun-pwd")), ())
EAST = Module(Credentials("eve", Secret("eve-pwd")), ())
NODE = Target(parse_endpoint("node", "http://configured:3013"), DEFAULT)
EAST_NODE = Target(parse_endpoint("node", "https://east:3013/nun"), EAST)
ALLOW = AllowList(tuple(parse_allowed("allow", text) for text in ("nun-db-*.svc:3013", "10.1.0.0/16:3013")))
FLEET = Fleet((NODE, EAST_NODE), {"default": DEFAULT, "east": EAST}, ALLOW)


@pytest.mark.parametrize(
    ("query", "target", "module"),
    [
        ("target=configured:3013", NODE, "default"),
        ("target=http%3A%2F%2Fconfigured:3013&module=default", NODE, "default"),
        ("target=https://east:3013/nun", EAST_NODE, "east"),
        ("target=nun-db-7.svc:3013", Target(parse_endpoint("", "http://nun-db-7.svc:3013"), DEFAULT), "default"),
        ("module=east&target=10.1.2.3:3013", Target(parse_endpoint("", "http://10.1.2.3:3013"), EAST), "east"),
    ],
)
def test_a_query_names_a_node_and_how_it_is_asked(query: str, target: Target, module: str) -> None:
    """A configured node with its own module, another with the module `default` unless it says which."""
    selection = select(FLEET, query)
    assert (selection.target, selection.module, selection.is_debug) == (target, module, False)
    assert select(FLEET, selection.query).key == selection.key


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "the parameter target is missing"),
        ("module=default", "the parameter target is missing"),
        ("target=", "is not a URL"),
        ("target=evil.example:3013", "target http://evil.example:3013 is not in targets.allow"),
        ("target=10.2.0.1:3013", "target http://10.2.0.1:3013 is not in targets.allow"),
        ("target=169.254.169.254:3013", "is not in targets.allow"),
        ("target=http://nun:nun-pwd@10.1.0.1:3013", "holds credentials"),
        ("target=nun-db-0.svc:3013/path", "has a path"),
        ("target=0x0a010001:3013", "neither a name nor an address"),
        ("target=10.1.0.1:3013&target=10.1.0.2:3013", "the parameter target is given twice"),
        ("target=10.1.0.1:3013&module=default&module=east", "the parameter module is given twice"),
        ("target=10.1.0.1:3013&module=west", "there is no module west: the modules are default, east"),
        ("target=10.1.0.1:3013&module=", "there is no module : the modules are default, east"),
        ("target=10.1.0.1:3013&modul=east", "unknown parameter modul: there are target, module, debug"),
        ("target=10.1.0.1:3013&debug=maybe", "debug is neither true nor false"),
        ("target=configured:3013&module=east", "is not in targets.allow"),
        ("target=%ff", "not one of names and values"),
        ("target=10.1.0.1:3013&" + "x=1&" * 50, "not one of names and values"),
    ],
)
def test_any_other_query_is_refused_in_one_line(query: str, reason: str) -> None:
    """With the reason; a configured node is not told the password of another module either."""
    with pytest.raises(RefusedError, match=reason) as caught:
        select(FLEET, query)
    assert "\n" not in str(caught.value)
    assert "nun-pwd" not in str(caught.value)


def test_modules_that_say_the_same_are_told_apart_by_their_names() -> None:
    """Where a module stands for a cluster, its name does, whatever the password is."""
    modules = {"desk": dataclasses.replace(EAST), "shop": dataclasses.replace(EAST)}
    nodes = tuple(Target(parse_endpoint("", f"http://{name}:3013"), module) for name, module in modules.items())
    fleet = Fleet(nodes, modules)
    assert [configured(fleet, node).module for node in nodes] == ["desk", "shop"]
    assert [select(fleet, f"target={name}:3013").module for name in modules] == ["desk", "shop"]


def test_without_a_default_module_the_query_must_say_which() -> None:
    """Nobody guesses whose password is meant."""
    fleet = Fleet((), {"east": EAST}, ALLOW)
    with pytest.raises(RefusedError, match="the parameter module is missing: the modules are east"):
        select(fleet, "target=10.1.0.1:3013")
    assert select(fleet, "target=10.1.0.1:3013&module=east").target.module == EAST


@given(query=st.one_of(st.text(max_size=60), st.binary(max_size=60).map(quote).map("target={}".format)))
def test_whatever_the_query_it_selects_what_may_be_asked_or_says_why_not(query: str) -> None:
    """In one line without control characters."""
    try:
        selection = select(FLEET, query)
    except RefusedError as error:
        reason = str(error)
    else:
        assert selection.target in FLEET.nodes or ALLOW.refusal(selection.target.endpoint) is None
        return
    assert reason.isprintable()


@pytest.mark.parametrize(("query", "is_without"), [("", False), ("node=none", True), ("a=b&node=none", True)])
def test_the_only_node_is_left_out_where_a_query_says_so(query: str, is_without: bool) -> None:
    """What else a proxy adds is ignored."""
    assert leaves_node_out(query) is is_without


@pytest.mark.parametrize("query", ["node=", "node=None", "node=nun-db-0:3013", "node=none&node=all"])
def test_another_way_to_leave_it_out_is_refused(query: str) -> None:
    """It would show a node twice, and say nothing."""
    with pytest.raises(RefusedError, match=r"node can only be none, .* /probe\?target= selects one"):
        leaves_node_out(query)
