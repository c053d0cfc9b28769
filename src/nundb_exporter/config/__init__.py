"""Settings: frozen values, checked when they are read. Nothing here opens a file or a socket."""
