"""What holds for every collector, with every recording of a real node."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pkgutil import iter_modules

import pytest

from nundb_exporter import collectors
from nundb_exporter.collectors import COLLECTORS, process, transports
from nundb_exporter.exposition import Format, render
from nundb_exporter.metrics import EXPORTER_FAMILIES, SCRAPE_FAMILIES, UP, Answers, Collector, Family, Sample
from nundb_exporter.protocol.replies import Reply
from tests import recordings

ALL_FAMILIES = [
    *SCRAPE_FAMILIES,
    *EXPORTER_FAMILIES,
    *(family for collector in COLLECTORS for family in collector.families),
]


OVERWRITTEN = Reply("value-version 1001 many")
"""What a client once wrote over the counter of connections: nothing can be read there."""


@cache
def told(name: str) -> list[Answers]:
    """Return what the nodes of a recording told, step by step."""
    return list(recordings.answers(name))


def readable(collector: Collector, answers: Answers) -> Answers | None:
    """Narrow the answers to the databases of which all is known; None where the node's own answers are not."""
    if not answers.node.keys() >= set(collector.commands):
        return None
    asked = [
        name
        for name in answers.options.databases
        if all(
            answers.database.get((name, command), OVERWRITTEN) != OVERWRITTEN for command in collector.database_commands
        )
    ]
    answers = replace(answers, options=replace(answers.options, databases=tuple(asked)))
    known = [
        name
        for name in asked
        if all((name, command) in answers.database for command in collector.database_follow_up(answers, name))
    ]
    return replace(answers, options=replace(answers.options, databases=tuple(known)))


def samples(collector: Collector, name: str) -> Iterator[list[Sample]]:
    """Yield what a collector reads out of a recording, step by step."""
    for answers in told(name):
        narrowed = readable(collector, answers)
        if narrowed is not None:
            yield list(collector.parse(narrowed))


@pytest.mark.parametrize("name", recordings.NAMES)
@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda collector: collector.name)
def test_a_collector_reads_every_recording(collector: Collector, name: str) -> None:
    """Every answer of a real node gives samples of declared families with all their labels, none of them twice."""
    for found in samples(collector, name):
        for family, labels, value in found:
            assert family in collector.families
            assert len(labels) == len(family.labels)
            assert isinstance(value, int | float)
            assert value >= 0
        assert render(found, Format.TEXT).dropped == 0


UNRECORDED = (*transports.COLLECTOR.families, process.CLOCK_OFFSET)
"""These come from trying the transports and from a header, which recordings leave out."""


def test_every_declared_family_appears_in_a_recording() -> None:
    """No family is declared that a real node never gives."""
    seen = {
        sample.family
        for collector in COLLECTORS
        for name in recordings.NAMES
        for found in samples(collector, name)
        for sample in found
    }
    declared = {family for collector in COLLECTORS for family in collector.families}
    assert declared - seen == set(UNRECORDED)


def test_every_value_of_a_label_that_has_a_meaning_appears_in_a_recording() -> None:
    """The roles, states, strategies and kinds that the documentation lists were all seen on a real node."""
    seen: dict[str, set[str]] = {}
    for collector in COLLECTORS:
        for name in recordings.NAMES:
            for found in samples(collector, name):
                for sample in found:
                    for label, value in zip(sample.family.labels, sample.labels, strict=True):
                        seen.setdefault(label, set()).add(value)
    assert seen["role"] == {"primary", "secondary", "starting_up"}
    assert seen["state"] == {"unresolved", "resolved"}
    assert seen["strategy"] == {"none", "newer", "arbiter"}
    assert seen["operation"] == {"update", "remove", "increment", "create_db", "snapshot", "other"}
    assert seen["databases"] == {"all"}


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda collector: collector.name)
def test_a_collector_is_called_as_its_file(collector: Collector) -> None:
    """One subject, one file, one name."""
    module = collector.parse.__module__
    assert module == f"nundb_exporter.collectors.{collector.name}"


def test_every_file_is_a_collector() -> None:
    """A file that is not in COLLECTORS would be collected by nobody."""
    files = {module.name for module in iter_modules(collectors.__path__)}
    assert files == {collector.name for collector in COLLECTORS}
    assert len(COLLECTORS) == len(files)


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda collector: collector.name)
def test_panels_show_declared_families_alone(collector: Collector) -> None:
    """A panel is a view of its own collector's families; a renamed one would leave it empty in silence."""
    declared = {family.name for family in collector.families}
    for panel in collector.panels:
        for expression in (panel.expression, *(column.expression for column in panel.columns)):
            mentioned = set(re.findall(r"\bnun_?db_\w+", expression))
            assert mentioned
            assert mentioned <= declared
            labels = {label for family in collector.families for label in family.labels}
            assert set(re.findall(r"\{\{(\w+)\}\}", panel.legend)) <= labels | {"instance", "job"}
        assert panel.title
        assert panel.unit
        assert panel.description.endswith(".")


@pytest.mark.parametrize("family", ALL_FAMILIES, ids=str)
def test_a_family_keeps_the_rules_of_names(family: Family) -> None:
    """As Prometheus asks: prefix, base units, `_total` on counters alone, no target's labels, the source in HELP."""
    is_own = family in EXPORTER_FAMILIES and family.name.startswith(("process_", "python_"))
    assert is_own or family.name.startswith(("nundb_", "nun_db_"))
    assert re.fullmatch(r"[a-z][a-z0-9_]*", family.name)
    assert (family.kind == "counter") == family.name.endswith("_total")
    assert not family.name.endswith(("_sum", "_count", "_bucket"))
    if not family.name.startswith("nun_db_"):
        assert not re.search(r"_(ms|milliseconds|percent|bits|minutes|ops)(_|$)", family.name)
    assert not set(family.labels) & {"type", "le", "quantile", "cluster", "instance", "job", "env", "service", "region"}
    assert not any(f"by_{label}" in family.name for label in family.labels)
    assert re.fullmatch(r"[A-Z].*[^.!?]", family.meaning)
    assert re.fullmatch(r"[^()]+", family.source)
    assert family.help == f"{family.meaning} ({family.source})."
    assert (family.since is None) == (family in EXPORTER_FAMILIES or (family in SCRAPE_FAMILIES and family is not UP))
    assert family.since is None or re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", family.since)
    assert not family.caveat or family.caveat.endswith(".")


def test_no_name_is_given_twice() -> None:
    """Two families of one name would have two HELP texts."""
    names = [family.name for family in ALL_FAMILIES]
    assert len(set(names)) == len(names)


def test_old_families_name_what_replaces_them() -> None:
    """The HELP of each `nun_db_*` names a family that exists."""
    names = {family.name for family in ALL_FAMILIES}
    old = [family for family in ALL_FAMILIES if family.name.startswith("nun_db_")]
    assert [family.name for family in old] == [
        "nun_db_op_log_pending_ops",
        "nun_db_op_log_file_size",
        "nun_db_op_log_ops",
        "nun_db_replication_time_moving_avg",
        "nun_db_query_time_moving_avg",
    ]
    for family in old:
        replaced_by = re.search(r"replaced by (nundb_\w+)", family.help)
        assert replaced_by is not None
        assert replaced_by[1] in names
