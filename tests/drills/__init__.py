"""Tests of every alert: embedded clusters, their exporters and a real Prometheus with the shipped rules."""
