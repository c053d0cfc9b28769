"""What the exporter serves, without a server."""
