"""Recordings of a real Nun-db, replayed against the embedded one, a real binary, or nodes that are running already."""
