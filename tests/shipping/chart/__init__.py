"""The Helm chart: what it renders."""
