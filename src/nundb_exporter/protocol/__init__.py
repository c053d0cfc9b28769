"""Nun-db's protocol as pure functions: what is said, how it is framed, what the replies mean."""
