"""Tables in plain text."""

from nundb_exporter.table import aligned


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    """With a gap between them, and no space at the ends of lines."""
    assert aligned([("NODE", "ROLE"), ("a", "primary"), ("longer", "-")], gap=2) == [
        "NODE    ROLE",
        "a       primary",
        "longer  -",
    ]


def test_a_table_without_rows_has_no_lines() -> None:
    """Not even an empty one."""
    assert aligned([], gap=3) == []
