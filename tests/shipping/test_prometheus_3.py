"""Rules, their tests and the examples, as Prometheus 3 judges them; all other tests have Debian's Prometheus 2."""

from pathlib import Path

import pytest

from .podman import ROOT, Podman

RULES = ROOT / "deploy" / "prometheus"
EXAMPLES = [path for path in sorted(RULES.glob("*.yml")) if "scrape_configs:" in path.read_text(encoding="utf-8")]


def promtool(podman: Podman, monitoring: str, *arguments: str) -> str:
    """Run promtool in the directory of the rules, and return what it printed.

    Raises:
        AssertionError: it found something.
    """
    options = ("--rm", "--network", "none", "--volume", f"{RULES}:/rules:ro", "--workdir", "/rules")
    return podman("run", *options, monitoring, "promtool", *arguments).stdout


def test_it_is_prometheus_3(podman: Podman, monitoring: str) -> None:
    """The ranges of this version leave out a sample on their left edge, which the other one's include."""
    assert promtool(podman, monitoring, "--version").startswith("promtool, version 3.")


def test_exactly_the_expected_alerts_fire(podman: Podman, monitoring: str) -> None:
    """In each situation, with the same texts as in Prometheus 2."""
    promtool(podman, monitoring, "test", "rules", "tests.yml")


@pytest.mark.parametrize("name", ["alerts.yml", "recordings.yml"])
def test_nothing_is_said_against_the_rules(podman: Podman, monitoring: str, name: str) -> None:
    """By every check that it has."""
    promtool(podman, monitoring, "check", "rules", "--lint=all", "--lint-fatal", name)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_accepted(podman: Podman, monitoring: str, example: Path) -> None:
    """With all checks too."""
    promtool(podman, monitoring, "check", "config", "--lint=all", "--lint-fatal", example.name)
