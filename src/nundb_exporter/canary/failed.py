"""Why a round of the canary wrote nothing."""

from nundb_exporter.errors import SourceError


class FailedError(SourceError):
    """Nothing could be written; `reason` is one of the families' REASONS."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
