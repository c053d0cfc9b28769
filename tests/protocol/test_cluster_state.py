"""The members of a cluster: every form since 2020-08, and a printer of our own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.errors import ProtocolError
from nundb_exporter.protocol import fields
from nundb_exporter.protocol.fields import Member

from .printed import NAMES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cluster-state ", ()),
        ("cluster-state  a:1:Primary,", (Member("a:1", is_self=False, is_connected=None, role="primary"),)),
        (
            "cluster-state  a:1:Primary, b:2:StartingUp, c:3:Secoundary,",
            (
                Member("a:1", is_self=False, is_connected=None, role="primary"),
                Member("b:2", is_self=False, is_connected=None, role="starting_up"),
                Member("c:3", is_self=False, is_connected=None, role="secondary"),
            ),
        ),
        (
            "cluster-state  127.0.0.1:4114(self):Primary , 127.0.0.1:4124(Connected):Secoundary,",
            (
                Member("127.0.0.1:4114", is_self=True, is_connected=None, role="primary"),
                Member("127.0.0.1:4124", is_self=False, is_connected=True, role="secondary"),
            ),
        ),
        (
            "cluster-state  b(Disconnected):StartingUp,",
            (Member("b", is_self=False, is_connected=False, role="starting_up"),),
        ),
    ],
    ids=["before the first election", "2020-08", "2020-09", "2023-11", "disconnected"],
)
def test_cluster_state_reads_in_all_its_forms(text: str, expected: tuple[Member, ...]) -> None:
    """The table of the protocol notes 6.6."""
    assert fields.cluster_state(text) == expected


ROLES = {"primary": "Primary", "secondary": "Secoundary", "starting_up": "StartingUp"}  # sic
MEMBERS = st.lists(
    st.builds(
        lambda name, role, is_self, is_connected: Member(name, is_self, None if is_self else is_connected, role),
        NAMES,
        st.sampled_from(list(ROLES)),
        st.booleans(),
        st.booleans(),
    ),
    max_size=6,
)


@given(members=MEMBERS)
def test_cluster_state_reads_back_what_the_server_printed(members: list[Member]) -> None:
    """Names with ports, brackets, parentheses and commas keep their role and their link."""
    text = "cluster-state "
    for member in members:
        if member.is_self:
            text += f" {member.name}(self):{ROLES[member.role]} ,"
        else:
            text += f" {member.name}({'Connected' if member.is_connected else 'Disconnected'}):{ROLES[member.role]},"
    assert fields.cluster_state(text) == tuple(members)


@pytest.mark.parametrize(
    "text",
    [
        "cluster-state  a:1:Primary",
        "cluster-state  a:1:Chief,",
        "cluster-state  a:1:Primary, rubbish",
        "cluster-state  a b:Primary,",
        "cluster-state  :Primary,",
        "cluster-state  a(Lost):Secoundary, , b:Primary,",
    ],
)
def test_what_is_no_member_is_refused(text: str) -> None:
    """A list that is understood in part is not given in part."""
    with pytest.raises(ProtocolError, match="cluster-state: a member is not"):
        fields.cluster_state(text)
