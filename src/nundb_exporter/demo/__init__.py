"""A Nun-db cluster under load, its exporters and Prometheus, to be watched, and broken on purpose, by one command."""
