"""Tests of what --web.config.file asks for."""
