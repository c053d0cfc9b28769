"""Settings: what is taken, and what is refused with which reason."""
