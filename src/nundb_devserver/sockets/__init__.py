"""Listeners and connections: what arrives goes to the engine, what it answers leaves."""
