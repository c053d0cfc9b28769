"""Following Nun-db's log: the pure parts first, then files, pipes and the commands."""
