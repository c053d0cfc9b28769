"""The canary: a word that is written on the primary, and watched until it has reached every member.

The only part of the exporter that writes, and only where the configuration file gives it a database of its own. Pure
are `families`, `words` (what it writes), `brake` (when it must not), `verdict` (what a member's values mean) and
`tally`. `line` speaks to one member, `flock` keeps the lines to all of them, `beat` writes, `source` repeats it.
"""
