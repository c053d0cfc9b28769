"""Dashboards, rules, the runbook and reference documentation, generated from the families. Pure: data in, text out."""
