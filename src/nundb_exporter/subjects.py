"""What is known without asking the node: the subjects of all local sources, one explicit tuple."""

from typing import Final

from nundb_exporter.canary import families as canary
from nundb_exporter.files import families as files
from nundb_exporter.host import families as host
from nundb_exporter.log import families as log
from nundb_exporter.metrics import Subject

SUBJECTS: Final[tuple[Subject, ...]] = (log.SUBJECT, files.SUBJECT, host.SUBJECT, canary.SUBJECT)
