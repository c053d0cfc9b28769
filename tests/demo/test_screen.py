"""What the demo shows, as text."""

import io

from nundb_exporter.collectors import cluster, oplog, replication
from nundb_exporter.demo.guide import footer
from nundb_exporter.demo.prometheus import configuration, graph
from nundb_exporter.demo.screen import Screen, sentence, table, wrapped
from nundb_exporter.errors import Reason, TargetError
from tests.judge.observed import observed

UNKNOWN = "\N{EN DASH}"
UNTOLD = observed()
DOWN = observed(error=TargetError(Reason.CONNECT, "b:3013: connection refused"))
PRIMARY = observed(
    cluster.ROLE.sample(1, "primary"),
    replication.PENDING.sample(1200),
    oplog.RECORDS.sample(1_000_000),
    replication.DURATION.sample(0.0123),
)


def test_a_table_has_a_row_for_each_node_and_a_reason_for_one_that_is_down() -> None:
    """What is not known is a dash, never a zero."""
    assert table({"node0": PRIMARY, "node1": DOWN, "node2": UNTOLD}, 79) == [
        "NODE    ROLE            PENDING   OPLOG RECORDS   REPLICATION",
        "node0   primary         1,200     1,000,000       12.3 ms",
        f"node1   down: connect   {UNKNOWN}         {UNKNOWN}               {UNKNOWN}",
        f"node2   {UNKNOWN}               {UNKNOWN}         {UNKNOWN}               {UNKNOWN}",
    ]


def test_a_table_has_as_many_columns_as_a_narrow_terminal_takes() -> None:
    """The last ones are left out, whole."""
    assert table({"node0": PRIMARY, "node1": DOWN}, 39) == [
        "NODE    ROLE            PENDING",
        "node0   primary         1,200",
        f"node1   down: connect   {UNKNOWN}",
    ]


def test_keys_are_told_on_as_many_lines_as_it_takes() -> None:
    """None is cut, and none is parted from what it does."""
    lines = footer(39)
    assert all(len(line) <= 39 for line in lines)
    assert "h hung-replica" in lines[0]
    assert lines[-1].endswith("q quit")


def test_a_text_is_wrapped_between_words() -> None:
    """What goes on is indented, a long word is left whole, and nothing is a line too."""
    assert wrapped("  what is long is continued", 16) == ["  what is long", "    is continued"]
    assert wrapped("see http://127.0.0.1:3013/metrics", 16) == ["see", "  http://127.0.0.1:3013/metrics"]
    assert wrapped("", 16) == [""]


def test_a_line_with_an_address_is_left_whole() -> None:
    """Whoever copies it from the terminal needs it in one piece."""
    stream = io.StringIO()
    address = f"see http://127.0.0.1:3013/{'x' * 100} and more"
    Screen(stream, is_terminal=True).say(address)
    assert stream.getvalue() == f"{address}\n"


def test_a_sentence_says_the_same_without_a_terminal() -> None:
    """All nodes in one line."""
    assert sentence({"node0": PRIMARY, "node1": DOWN}) == (
        "node0 primary, pending 1,200, oplog records 1,000,000, replication 12.3 ms; "
        f"node1 down: connect, pending {UNKNOWN}, oplog records {UNKNOWN}, replication {UNKNOWN}"
    )


def test_lines_stay_above_a_table_that_is_drawn_anew() -> None:
    """The cursor goes up by the lines of the last table; after the last one, lines come below it."""
    stream = io.StringIO()
    screen = Screen(stream, is_terminal=True)
    screen.show(["a", "b"])
    screen.say("said")
    screen.show(["c"])
    screen.keep_table()
    screen.say("end")
    assert stream.getvalue() == "a\nb\n\x1b[2F\x1b[Jsaid\na\nb\n\x1b[2F\x1b[Jc\nend\n"


def test_a_line_of_a_table_never_wraps() -> None:
    """A terminal is 80 columns wide where it does not tell otherwise, and styles take no room."""
    stream = io.StringIO()
    Screen(stream, is_terminal=True).show(["x" * 300, f"\x1b[1m{'y' * 60}\x1b[0m"])
    wide, styled, _ = stream.getvalue().split("\n")
    assert set(wide) == {"x"}
    assert len(wide) < 300
    assert styled == f"\x1b[1m{'y' * 60}\x1b[0m"


def test_without_colours_the_table_still_stays_in_its_place() -> None:
    """NO_COLOR is about colours, not about the cursor."""
    stream = io.StringIO()
    screen = Screen(stream, is_terminal=True, has_color=False)
    screen.show(["\x1b[1mbold\x1b[0m"])
    screen.show(["\x1b[33mc\x1b[0m"])
    assert stream.getvalue() == "bold\n\x1b[1F\x1b[Jc\n"


def test_prometheus_is_given_each_exporter_under_its_nodes_name() -> None:
    """One job is one cluster, as the rules want it."""
    (scraped,) = configuration({"node0": "127.0.0.1:9898", "node1": "127.0.0.1:9899"}, ["a.yml"])["scrape_configs"]
    assert scraped["job_name"] == "nundb"
    assert scraped["static_configs"] == [
        {"targets": ["127.0.0.1:9898"], "labels": {"instance": "node0"}},
        {"targets": ["127.0.0.1:9899"], "labels": {"instance": "node1"}},
    ]


def test_a_graphs_address_has_a_panel_for_each_expression() -> None:
    """Special characters of expressions are quoted."""
    assert graph("127.0.0.1:9090", "a", "b{c='d'}") == (
        "http://127.0.0.1:9090/graph?g0.expr=a&g0.tab=0&g0.range_input=5m"
        "&g1.expr=b%7Bc%3D%27d%27%7D&g1.tab=0&g1.range_input=5m"
    )
