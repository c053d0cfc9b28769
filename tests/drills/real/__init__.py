"""Drills on real nodes: `make drills-real NUNDB_BINARY=…` breaks clusters of a nun-db binary, with the shipped rules.

The embedded cluster of the other drills is only as hard as we know reality to be. Here the rules, the scrapes of 15
seconds and the exporters' settings are those that users have, and each cure is the runbook's.
"""
