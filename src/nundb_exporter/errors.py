"""Every error that this package raises on purpose, and the one effect of each.

* NundbExporterError
    * ConfigError -- a setting is wrong: exit 2 and one line that names the setting and the cure
    * TargetError -- the node gave no usable answer: nundb_up 0, with a reason out of four
    * ProtocolError -- a reply is not in the grammar: the collector that asked for it fails

No message holds a password, a token or a stored value.
"""

from enum import StrEnum


class NundbExporterError(Exception):
    """The root of the tree."""


class ConfigError(NundbExporterError):
    """A setting that cannot be used."""

    def __init__(self, setting: str, problem: str, cure: str) -> None:
        super().__init__(setting, problem, cure)
        self.setting = setting
        self.problem = problem
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.setting}: {self.problem}; {self.cure}"


class Reason(StrEnum):
    """Why a node gave no usable answer: the values of the label `reason` of nundb_scrape_failure."""

    CONNECT = "connect"
    TIMEOUT = "timeout"
    AUTH = "auth"
    PROTOCOL = "protocol"


class TargetError(NundbExporterError):
    """The node could not be reached, did not answer in time, refused us, or is not a Nun-db."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


class ProtocolError(NundbExporterError):
    """Bytes or text that are not in Nun-db's grammar."""
