"""The exporter's own HTTP: what each path answers, and where it listens. Nun-db's protocol is not known here."""

from nundb_exporter.web.server import Server, serving

__all__ = ["Server", "serving"]
