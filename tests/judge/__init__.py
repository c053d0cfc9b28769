"""The judge: what it knows about nodes, what it finds wrong, and that alerts agree with it."""
