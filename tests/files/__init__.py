"""The data directory: real ones, and every state that can be made."""
