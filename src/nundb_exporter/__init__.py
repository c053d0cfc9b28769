"""Prometheus exporter for Nun-db."""

__version__ = "0.1.0"
