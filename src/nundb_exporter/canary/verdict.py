"""What the values of one member mean. Versions are not compared: they differ for good where nothing is wrong."""

from dataclasses import dataclass

from nundb_exporter.canary.words import STILL_VALUE


@dataclass(slots=True)
class Sighting:
    """What was seen of one round at one member; None is what was not seen."""

    before: str | None = None
    """The value before the word was written."""
    delay_seconds: float | None = None
    """From the write to the notice."""
    first: str | None = None
    """The value at the deadline, if no notice had come by then."""
    second: str | None = None
    """The value later, if the first was another one than was written."""
    still: str | None = None
    """The value of the key that is never written again."""
    is_young: bool = False
    """Whether it has just joined, or an election has just been held: then its values say nothing yet."""
    is_silent: bool = False
    """Whether it did not answer."""

    def is_late(self) -> bool:
        """Whether it answers, and no notice had come by the deadline."""
        return self.first is not None and not self.is_young

    def has_diverged(self, word: str) -> bool | None:
        """Return whether the member holds another value than was written; None if that cannot be told."""
        if self.is_young:
            return None
        if self.delay_seconds is not None or word in {self.first, self.second}:
            return False
        if self.before is None or self.second is None:
            return None
        if self.second > word:
            return None  # a later word is of another exporter with the same key
        # Where earlier words are still arriving, the member is late, and has not diverged.
        return self.second <= self.before

    def is_damaged(self) -> bool | None:
        """Return whether the member has lost what nobody has written again; None if that cannot be told."""
        if self.still is None or self.is_young:
            return None
        return self.still != STILL_VALUE
