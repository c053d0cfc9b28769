"""Which nodes are compared: those that are named, or those that one node lists."""

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from nundb_exporter.client import open_transport
from nundb_exporter.client.transport import check_proof, unreadable
from nundb_exporter.config.settings import Endpoint, Target, parse_endpoint
from nundb_exporter.errors import ConfigError, ProtocolError, TargetError
from nundb_exporter.protocol.commands import CLUSTER_STATE, PROCESS_INFO, auth
from nundb_exporter.protocol.fields import Member


class Compared(NamedTuple):
    """A node whose values are compared."""

    target: Target
    is_primary: bool

    @property
    def url(self) -> str:
        """How it is called in the report."""
        return str(self.target.endpoint)


class Unreachable(NamedTuple):
    """A node that cannot be compared."""

    url: str
    reason: str


class _Identity(NamedTuple):
    members: tuple[Member, ...]
    started: float | None

    @property
    def own(self) -> Member | None:
        return next((member for member in self.members if member.is_self), None)


async def find_nodes(targets: Sequence[Target], timeout_seconds: float) -> list[Compared | Unreachable]:
    """Return the nodes to compare.

    Of a single node the members that it lists are asked as well, over TCP, by the addresses that nodes know each other
    by. They are sent no password, only the databases' tokens.

    Raises:
        ConfigError: two of the nodes are one, or the single one lists no other.
    """
    identities = await asyncio.gather(*(_identify(target, timeout_seconds) for target in targets))
    found: list[Compared | Unreachable] = []
    seen: dict[tuple[str, float | None], str] = {}
    for target, identity in zip(targets, identities, strict=True):
        url = str(target.endpoint)
        if isinstance(identity, TargetError):
            found.append(Unreachable(url, identity.detail))
            continue
        own = identity.own
        if own is not None and (first := seen.setdefault((own.name, identity.started), url)) != url:
            raise ConfigError(url, f"is the same node as {first}", "give each node once, or one node alone")
        found.append(Compared(target, own is not None and own.role == "primary"))
        if len(targets) == 1:
            found += _others(target, identity)
    return found


async def _identify(target: Target, timeout_seconds: float) -> _Identity | TargetError:
    transport = open_transport(target.endpoint, target.module.tls, target.module.ports)
    prove = auth(target.module.credentials.user, target.module.credentials.password.reveal())
    deadline = asyncio.get_running_loop().time() + timeout_seconds
    try:
        proof, state, process = await transport.execute((prove, CLUSTER_STATE, PROCESS_INFO), deadline)
        check_proof(target.endpoint, proof)
        started = None if process.text is None else PROCESS_INFO.read(process.text)
        return _Identity(() if state.text is None else CLUSTER_STATE.read(state.text), started)
    except TargetError as error:
        return error
    except ProtocolError as error:
        return unreadable(target.endpoint, error)
    finally:
        await transport.close()


def _others(target: Target, identity: _Identity) -> list[Compared | Unreachable]:
    others: list[Compared | Unreachable] = []
    for member in identity.members:
        if member.is_self:
            continue
        try:
            endpoint: Endpoint = parse_endpoint("its name", f"tcp://{member.name}")
        except ConfigError as error:
            others.append(Unreachable(member.name, str(error)))
            continue
        others.append(Compared(dataclasses.replace(target, endpoint=endpoint), member.role == "primary"))
    if not others:
        raise ConfigError(str(target.endpoint), "lists no other member", "give the URLs of two nodes or more")
    return others
