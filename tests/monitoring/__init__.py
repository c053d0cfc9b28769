"""What is generated: rules, dashboards, documentation."""
