"""The exporter as a whole, as a process and as a library, against nodes that behave and nodes that do not."""
