"""The node's process, in a /proc of files and in this machine's own."""
