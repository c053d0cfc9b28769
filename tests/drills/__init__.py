"""Alarms that were seen to ring: embedded clusters, their exporters and a real Prometheus with the shipped rules."""
