"""What one node knows: its databases, its cluster, and its files. No events, no sockets."""
