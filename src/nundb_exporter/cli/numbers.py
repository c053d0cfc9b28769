"""The numbers that flags take, named in errors as people name them."""

import math
from typing import Any

import click


class Count(click.IntRange):
    """A whole number within limits."""

    name = "whole number"


class Seconds(click.FloatRange):
    """A finite number of seconds, 0 or more: click's own floats may be `nan`, which no clock ever reaches."""

    name = "number of seconds"

    def __init__(self) -> None:
        super().__init__(min=0)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's own
        """Return the number, or fail as click's own types do."""
        seconds: float = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return seconds
