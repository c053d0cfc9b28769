"""Logs when something begins to fail and when it works again, not each time: what stays down must not fill a disk."""

import logging
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

_MAX_TEXTS: Final = 20
"""Texts that are remembered of one failure, so that one that differs each time does not fill the memory."""


@dataclass(slots=True)
class _Failure:
    texts: set[str] = field(default_factory=set)
    """Those that are logged already."""
    seconds: float = math.inf
    """How long the last failed attempt waited in vain; infinite where it failed for another reason."""


class FailureLog:
    """What fails of one node."""

    def __init__(self, logger: logging.Logger, node: str) -> None:
        self._logger = logger
        self._node = node
        self._failures: dict[str, _Failure] = {}

    def note(self, failures: Mapping[str, str], tried: Collection[str], seconds: float, *, is_late: bool) -> None:
        """Log what is new of an attempt that was allowed so many seconds, and that used them up where `is_late`.

        `failures` are texts by subject, and all `tried` subjects that are not among them have succeeded. Where an
        attempt came too late, only another one that was allowed as little shows that this has changed: several
        scrapers with different timeouts must not end each other's failures.
        """
        for subject, text in failures.items():
            failure = self._failures.setdefault(subject, _Failure())
            if text not in failure.texts:
                self._logger.warning("%s: %s failed: %s", self._node, subject, text)
                if len(failure.texts) >= _MAX_TEXTS:
                    failure.texts.clear()
                failure.texts.add(text)
            failure.seconds = seconds if is_late else math.inf
        for subject in [*self._failures]:
            if subject in tried and subject not in failures and seconds <= self._enough(subject):
                self._logger.info("%s: %s recovered", self._node, subject)
                del self._failures[subject]

    def _enough(self, subject: str) -> float:
        """Return how many seconds an attempt may have been allowed to count as one of the same kind.

        Deadlines are set a little before they are looked at.
        """
        return self._failures[subject].seconds * 1.1 + 0.1
