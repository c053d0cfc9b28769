"""The set-up: what a fresh machine gets."""
