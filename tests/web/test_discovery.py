"""What the configured nodes say of their clusters becomes targets for Prometheus."""

import json

from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import Endpoint, Module, Target, Web, parse_endpoint
from nundb_exporter.credentials import Credentials, Secret
from nundb_exporter.http_server import Request
from nundb_exporter.protocol.commands import CLUSTER_STATE
from nundb_exporter.protocol.fields import Member, cluster_state
from nundb_exporter.protocol.replies import Reply
from nundb_exporter.scrape import Scraper
from nundb_exporter.web.discovery import Discovery, View, merged
from nundb_exporter.web.nodes import Nodes
from tests.judge.observed import TWO, said
from tests.scripted import ScriptedTransport


def seed(host: str) -> Endpoint:
    """Return a configured node."""
    return parse_endpoint("node", f"http://{host}:3013")


def view(*members: str) -> View:
    """Return what a node says that lists these, each as `name(state):role`."""
    return View(cluster_state(f"cluster-state {' , '.join(members)} ,"), 0.0)


def found(views: dict[Endpoint, View], *seeds: Endpoint) -> list[tuple[str, str | None, str]]:
    """Return address, role and seed of all that is found."""
    return [(each.endpoint.authority, each.role, each.seed.host) for each in merged(seeds or views, views, 3013)]


A, B = seed("a"), seed("b")


def test_members_are_found_at_the_port_that_is_scraped() -> None:
    """Their names have the port at which nodes talk to each other."""
    views = {
        A: view("a:3014(self):Primary", "b.example:3014(Connected):Secoundary", "[fd00::1]:4014(Connected):StartingUp")
    }
    assert found(views) == [
        ("a:3013", "primary", "a"),
        ("b.example:3013", "secondary", "a"),
        ("[fd00::1]:3013", "starting_up", "a"),
    ]


def test_a_configured_node_keeps_its_own_address() -> None:
    """By whatever name its cluster knows it: its series shall not change when it is first heard of."""
    views = {
        A: view("10.0.0.1:3014(self):Primary", "10.0.0.2:3014(Connected):Secoundary"),
        B: view("10.0.0.1:3014(Connected):Primary", "10.0.0.2:3014(self):Secoundary"),
    }
    assert found(views) == [("a:3013", "primary", "a"), ("b:3013", "secondary", "b")]


def test_a_configured_node_that_has_never_answered_is_there() -> None:
    """Else no alert could say that it is down."""
    assert found({}, A) == [("a:3013", None, "a")]


def test_members_of_several_clusters_are_merged() -> None:
    """Each once, with the node that named it first."""
    views = {
        A: view("a:3014(self):Primary", "c:3014(Connected):Secoundary"),
        B: view("b:3014(self):Primary", "c:3014(Connected):Secoundary", "d:3014(Connected):Secoundary"),
    }
    assert found(views)[2:] == [("c:3013", "secondary", "a"), ("d:3013", "secondary", "b")]


def test_a_name_that_is_no_address_is_left_out() -> None:
    """A node may send anything, and Prometheus would ask it."""
    odd = ("nun", "x@evil:1", "a/b:3014", "0177.0.0.1:3014", "%2e:3014", ":3014")
    members = tuple(Member(name, False, True, "secondary") for name in odd)
    assert found({A: View(members, 0.0)}) == [("a:3013", None, "a")]


class World:
    """One configured node, and the clock."""

    def __init__(self) -> None:
        answers = said("0", TWO)
        self.replies = dict(answers.node)
        self.now = 100.0
        module = Module(Credentials("nun", Secret("nun-pwd")), ("cluster",))
        transport = ScriptedTransport(self.replies, answers.database)
        self.nodes = Nodes(Fleet.of(Target(A, module)), Web(listen=()), make=lambda node, _: Scraper(node, transport))
        self.discovery = Discovery(self.nodes, lambda: self.now)

    async def targets(self) -> list[str]:
        """Return the addresses on the page."""
        response = await self.discovery.page(Request("GET", "/sd"))
        assert response.headers["Content-Type"] == "application/json"
        return [target for group in json.loads(response.body) for target in group["targets"]]

    @property
    def ages(self) -> list[float]:
        """The ages in the metrics."""
        return [sample.value for sample in self.discovery.samples()]


async def test_the_last_good_answer_is_kept_with_its_age() -> None:
    """While the node refuses to say more, or lists nobody, as before its first election."""
    world = World()
    assert world.ages == []
    before = await world.targets()
    assert len(before) == 2
    for reply in (Reply(error="internal"), Reply("cluster-state  \n")):
        world.replies[CLUSTER_STATE] = reply
        world.now += 30
        assert await world.targets() == before
    assert world.ages == [60.0]
    page = await world.discovery.page(Request("GET", "/sd"))
    assert page.headers["Age"] == "60"


async def test_the_labels_are_those_of_the_documentation() -> None:
    """Role, seed and URL, and nothing that is not known."""
    world = World()
    world.replies[CLUSTER_STATE] = Reply("cluster-state  a:3014(self):Primary , b:3014(Disconnected):Secoundary,\n")
    response = await world.discovery.page(Request("GET", "/sd"))
    assert json.loads(response.body) == [
        {
            "targets": ["a:3013"],
            "labels": {
                "__meta_nundb_seed": "http://a:3013",
                "__meta_nundb_url": "http://a:3013",
                "__meta_nundb_allowed": "true",
                "__meta_nundb_module": "default",
                "__meta_nundb_role": "primary",
            },
        },
        {
            "targets": ["b:3013"],
            "labels": {
                "__meta_nundb_seed": "http://a:3013",
                "__meta_nundb_url": "http://b:3013",
                "__meta_nundb_allowed": "false",
                "__meta_nundb_module": "default",
                "__meta_nundb_role": "secondary",
            },
        },
    ]
