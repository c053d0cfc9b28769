"""The demo and the devserver, as programs."""
