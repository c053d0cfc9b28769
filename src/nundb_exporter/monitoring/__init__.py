"""What is made of the families: dashboards, rules, a runbook, reference documentation. Pure: data in, text out."""
