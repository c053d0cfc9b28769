"""From bytes to text and back, for each transport. Pure."""
