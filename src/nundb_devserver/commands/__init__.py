"""From a line of a client, or of another node, to its effect and its answer."""
