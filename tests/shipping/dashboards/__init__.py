"""The dashboards, judged by Grafana's own library."""
