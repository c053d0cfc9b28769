"""The embedded Nun-db: its rooms one by one, then nodes, clusters and what goes wrong with them."""
