"""The HTTP server, judged by clients that are not ours."""
