"""Chart and manifests on a real API server, under the real Prometheus operator."""
