"""Problems are told in the same words by alerts and findings."""

import re

import pytest

from nundb_exporter.monitoring.alerts import ALERTS
from nundb_exporter.problems.catalog import PROBLEMS
from nundb_exporter.problems.problem import Problem

BY_NAME = {alert.name: alert for alert in ALERTS}
every_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)


@every_problem
def test_a_sentence_says_what_its_fields_are_filled_with(problem: Problem) -> None:
    """Every field occurs in the finished sentence, which is one sentence."""
    sentence = problem.say(**{field: f"<{field}>" for field in problem.fields})
    assert all(f"<{field}>" in sentence for field in problem.fields)
    assert sentence.endswith(".")
    assert "{" not in sentence


@every_problem
def test_a_field_too_few_is_refused(problem: Problem) -> None:
    """A sentence is never told with a gap."""
    with pytest.raises(ValueError, match=problem.name):
        problem.say()


def test_a_field_too_many_is_refused() -> None:
    """A misspelled field is found at once."""
    with pytest.raises(ValueError, match="instead of"):
        PROBLEMS[0].say(**dict.fromkeys((*PROBLEMS[0].fields, "nodes"), "x"))


@every_problem
def test_title_and_advice_are_one_sentence_each(problem: Problem) -> None:
    """Both are complete without a field."""
    for text in (problem.title, problem.advice):
        assert re.fullmatch(r"[A-Z][^{}]*\.", text)
        assert ". " not in text


def test_no_name_occurs_twice() -> None:
    """A finding's name leads to one entry of the runbook."""
    assert len({problem.name for problem in PROBLEMS}) == len(PROBLEMS)


@every_problem
def test_an_alert_has_the_words_of_its_problem(problem: Problem) -> None:
    """Where there is an alert of that name it has the same severity, title and sentence; otherwise there is none."""
    assert problem.has_alert == (problem.name in BY_NAME)
    if problem.has_alert:
        alert = BY_NAME[problem.name]
        words = [re.escape(part) for part in re.split(r"\{\w+\}", problem.sentence)]
        assert alert.severity == problem.severity
        assert alert.summary == problem.title
        assert alert.advice == problem.advice
        assert re.fullmatch(".+".join(words), alert.description)
