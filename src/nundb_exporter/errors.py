"""The errors that this package raises, and the effect of each.

* NundbExporterError
    * ConfigError -- a setting is wrong: exit code 2, and one line that names the setting and the remedy
        * ConfigFileError -- the same for all that is wrong in one file, a line each
    * TargetError -- the node gave no usable answer: nundb_up is 0, with one of four reasons
        * NotAllowedError -- the node's name has led to addresses that may not be asked: status 400 of a probe
    * ProtocolError -- a reply cannot be parsed: the collector that needs it fails
        * TooLargeError -- it is longer than is held: a shorter question may be answered
    * SourceError -- something of this machine cannot be read: that local source fails

No message contains a password, a token or a stored value.
"""

from collections.abc import Sequence
from enum import StrEnum


class NundbExporterError(Exception):
    """The base class of all errors."""


class ConfigError(NundbExporterError):
    """An invalid setting."""

    def __init__(self, setting: str, problem: str, cure: str) -> None:
        super().__init__(setting, problem, cure)
        self.setting = setting
        self.problem = problem
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.setting}: {self.problem}; {self.cure}"


class ConfigFileError(ConfigError):
    """A file of settings with at least one error."""

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        super().__init__(errors[0].setting, errors[0].problem, errors[0].cure)
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return "\n".join(map(str, self.errors))


class Reason(StrEnum):
    """Why a node gave no usable answer: the values of the label `reason` of nundb_scrape_failure."""

    CONNECT = "connect"
    TIMEOUT = "timeout"
    AUTH = "auth"
    PROTOCOL = "protocol"


class TargetError(NundbExporterError):
    """The node could not be reached, did not answer in time, refused the credentials, or is not a Nun-db."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


class NotAllowedError(TargetError):
    """The node's name has only addresses that may not be dialled, and none was."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.CONNECT, detail)


class ProtocolError(NundbExporterError):
    """Bytes or text that are not valid in Nun-db's protocol."""


class TooLargeError(ProtocolError):
    """A reply that is longer than the exporter holds."""


class SourceError(NundbExporterError):
    """A local source, such as the node's process, cannot be read, or not all of it."""
