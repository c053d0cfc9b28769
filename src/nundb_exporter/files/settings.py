"""What the collector is called; apart from what reads, so that an exporter without it need not import that."""

from typing import Final

NAME: Final = "files"
"""Of the collector."""
HELP: Final = "What is saved, what a crash would lose and whether a restart is safe, from Nun-db's data directory."
