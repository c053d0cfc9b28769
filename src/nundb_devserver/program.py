"""A devserver as a program: nodes, their log on standard output, a control port, and the signals that end it."""

import asyncio
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from nundb_devserver.cluster.cluster import Cluster
from nundb_devserver.cluster.control import Control
from nundb_devserver.cluster.faults import fault_named
from nundb_devserver.cluster.nodes import DEFAULT_PORT_BASE, ports_from
from nundb_devserver.log import StreamSink
from nundb_devserver.options import NodeOptions
from nundb_devserver.ports import HOST

_CONTROL_PORT: Final = 1
"""Offset of the control port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What a devserver is to be.

    Node i listens on 127.0.0.1 at port_base + 10 i + 2 (WebSocket), + 3 (HTTP) and + 4 (TCP), the control port is
    port_base + 1. `data` None means a temporary directory, removed at the end. `node` is for every node; its ports,
    directory and log are not looked at. `peers` are TCP addresses of nodes of the same cluster in other processes.
    `faults` are switched on at the start.
    """

    nodes: int = 1
    port_base: int = DEFAULT_PORT_BASE
    data: Path | None = None
    node: NodeOptions = field(default_factory=NodeOptions)
    peers: tuple[str, ...] = ()
    has_log: bool = True
    has_control: bool = True
    faults: tuple[str, ...] = ()

    @property
    def ports(self) -> list[int]:
        """Every port that is listened on."""
        nodes = [port for ports in ports_from(self.port_base, self.nodes) for port in ports]
        return [*nodes, self.control_port] if self.has_control else nodes

    @property
    def control_port(self) -> int:
        """Where faults are switched over HTTP."""
        return self.port_base + _CONTROL_PORT


async def serve(options: ServeOptions, on_ready: Callable[[Cluster], None] | None = None) -> None:
    """Run until SIGINT, which saves what has been asked to be saved, or SIGTERM or SIGHUP, which save nothing.

    `on_ready` is called once the nodes are one cluster.

    Raises:
        UnknownError: the release or a fault is not known.
        OSError: an address is taken.
        NotReadyError: the nodes have not become one cluster.
        FaultError: a fault cannot be switched on.
    """
    for name in options.faults:
        fault_named(name)
    sink = StreamSink(sys.stdout) if options.has_log else None
    cluster = Cluster(
        options.nodes,
        port_base=options.port_base,
        data=options.data,
        options=replace(options.node, log=sink),
        peers=options.peers,
    )
    control = Control(cluster)
    ended: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()
    _end_on_signals(ended)
    try:
        starting = asyncio.ensure_future(_start(cluster, control, options))
        await asyncio.wait((starting, ended), return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            starting.cancel()
        else:
            starting.result()
            if on_ready is not None:
                on_ready(cluster)
        if await ended is signal.SIGINT:
            if sink is not None:
                sink(f"Received signal {signal.SIGINT:d}\n")
            cluster.stop_all()
    finally:
        control.close()
        await cluster.end()
        if sink is not None:
            sink.flush()


async def _start(cluster: Cluster, control: Control, options: ServeOptions) -> None:
    if options.has_control:
        await control.listen(HOST, options.control_port)
    await cluster.start_all()
    for name in options.faults:
        await cluster.fault(name)


def _end_on_signals(ended: "asyncio.Future[signal.Signals]") -> None:
    loop = asyncio.get_running_loop()

    def end(number: signal.Signals) -> None:
        if not ended.done():
            ended.set_result(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end, number)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under `nohup`, which outlives its terminal
        loop.add_signal_handler(signal.SIGHUP, end, signal.SIGHUP)
