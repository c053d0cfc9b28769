"""Nun-db's own log, followed and counted: every request's duration, and what the node says about itself.

Pure: `framing` and `journald` take container formats off, `records` reads what Nun-db wrote, `events`, `durations`,
`slowest`, `tally` and `reader` count it. Only `follow`, `state` and `source` read files. What a client wrote into a
value, and every secret, ends in `records`: nothing behind it holds more of a request than its verb and its key.
"""
