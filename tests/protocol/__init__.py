"""The wire: commands, framing, replies, and what they mean."""
