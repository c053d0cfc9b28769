"""What a page says of a member that owes acknowledgements."""

from nundb_exporter.collectors import pending
from nundb_exporter.metrics import Sample


def owed(number: int, member: str, since: float, about: str = "data", *, newest: float | None = None) -> list[Sample]:
    """Return the samples of a member that has not acknowledged so many operations, made from `since` to `newest`.

    All are overdue. `newest` is `since` where they were made at one moment.
    """
    return [
        pending.UNACKNOWLEDGED.sample(number, member),
        pending.OLDEST.sample(since, member),
        *(pending.OVERDUE.sample(number if each == about else 0, member, each) for each in pending.ABOUT),
        pending.NEWEST_OVERDUE.sample(since if newest is None else newest, member),
    ]
