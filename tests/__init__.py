"""The tests; their rooms mirror the source's."""
