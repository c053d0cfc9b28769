"""`python -m nundb_exporter` is the command `nundb-exporter`."""

from nundb_exporter.cli import main

main()
