"""The process of the node, as the host that it shares with the exporter shows it: descriptors, threads, memory, CPU.

Only Linux tells, in /proc. `finding` says which process it is, `process` reads what it uses, `limits` what it may use.
"""
