"""Structured log lines: logfmt, as Prometheus' own programs write them, or JSON."""

import json
import logging
from datetime import UTC, datetime
from typing import Final, Literal

LEVELS: Final = ("debug", "info", "warning", "error")
FORMATS: Final = ("logfmt", "json")


class _Formatter(logging.Formatter):
    def _fields(self, record: logging.LogRecord) -> dict[str, str]:
        fields = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return fields


class JsonFormatter(_Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return json.dumps(self._fields(record), ensure_ascii=False)


class LogfmtFormatter(_Formatter):
    """`key=value` pairs; a value that needs quotes is quoted as in JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return " ".join(f"{key}={_quoted(value)}" for key, value in self._fields(record).items())


def _quoted(value: str) -> str:
    is_plain = value.isprintable() and not any(character in value for character in ' ="\\')
    return value if is_plain and value else json.dumps(value, ensure_ascii=False)


def configure(level: str, form: Literal["logfmt", "json"]) -> None:
    """Write the log to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else LogfmtFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
