"""A histogram: the family that a page names, and the three kinds of series below it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nundb_exporter.metrics.family import Family, Sample


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """A classic histogram, defined once like a family; made by `histogram`."""

    family: Family
    """What HELP and TYPE name, and the documentation lists."""
    bounds: tuple[float, ...]
    """Upper bounds of the buckets, ascending, without infinity."""
    bucket: Family
    """How many observations were at most `le`, which is the last label."""
    sum: Family
    count: Family

    def samples(self, counts: Sequence[int], total: float, *labels: str) -> Iterator[Sample]:
        """Yield the series of one set of labels.

        `counts` has the observations of each bucket by itself, and last those above all bounds; `total` is their sum.
        """
        so_far = 0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), counts, strict=True):
            so_far += count
            yield self.bucket.sample(so_far, *labels, bound)
        yield self.sum.sample(total, *labels)
        yield self.count.sample(so_far, *labels)


def histogram(  # noqa: D417 - the rest is a family's own
    name: str,
    meaning: str,
    source: str,
    *,
    since: str | None,
    bounds: Sequence[float],
    labels: tuple[str, ...] = (),
    caveat: str = "",
) -> Histogram:
    """Define a histogram.

    Args:
        bounds: upper bounds of the buckets, ascending, without infinity.
    """
    family = Family(name, "histogram", meaning, source, since=since, labels=labels, caveat=caveat)

    def series(suffix: str, *further: str) -> Family:
        own_labels = (*labels, *further)
        return Family(f"{name}_{suffix}", "histogram", meaning, source, since=since, labels=own_labels, part_of=family)

    ascending = tuple(float(bound) for bound in bounds)
    return Histogram(family, ascending, series("bucket", "le"), series("sum"), series("count"))
