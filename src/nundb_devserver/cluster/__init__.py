"""Several nodes in one process, and breaking them."""
