"""What --web.config.file asks for: TLS, users, headers, a rate limit. Imported only when the flag is given."""

from nundb_exporter.web.guard.configuration import Configuration
from nundb_exporter.web.guard.guard import Guard

__all__ = ["Configuration", "Guard"]
