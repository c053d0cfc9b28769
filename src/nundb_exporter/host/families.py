"""The families of the node's process, named like those that exporters have of themselves, and their panels."""

from typing import Final

from nundb_exporter.host.settings import HELP, NAME
from nundb_exporter.metrics import Family, Panel, Subject

OPEN_FDS: Final = Family(
    "nundb_host_process_open_fds",
    "gauge",
    "Open file descriptors of the node's process",
    "/proc/PID/fd",
    since=None,
    caveat="Before Linux 6.2 only the same user, or a process with CAP_SYS_PTRACE, may count them; for others it is "
    "absent. Each connection over HTTP takes two.",
)
MAX_FDS: Final = Family(
    "nundb_host_process_max_fds",
    "gauge",
    "How many file descriptors the node's process may open; absent if there is no limit",
    "/proc/PID/limits: Max open files",
    since=None,
)
THREADS: Final = Family(
    "nundb_host_process_threads",
    "gauge",
    "Threads of the node's process",
    "/proc/PID/stat",
    since=None,
    caveat="Each connection over TCP has a thread.",
)
MAX_THREADS: Final = Family(
    "nundb_host_process_max_threads",
    "gauge",
    "How many threads the node's process may have, by its user's limit or its control group's; absent if neither "
    "limits it, or neither can be read",
    "/proc/PID/limits: Max processes, pids.max",
    since=None,
    caveat="Others of the same user or control group count as well; root's own limit is not enforced.",
)
RESIDENT: Final = Family(
    "nundb_host_process_resident_memory_bytes",
    "gauge",
    "Resident memory of the node's process",
    "/proc/PID/stat",
    since=None,
)
VIRTUAL: Final = Family(
    "nundb_host_process_virtual_memory_bytes",
    "gauge",
    "Virtual memory of the node's process",
    "/proc/PID/stat",
    since=None,
)
MAX_MEMORY: Final = Family(
    "nundb_host_process_max_memory_bytes",
    "gauge",
    "How much memory the node's process may use: the limit of its control group, or the host's memory; absent if the "
    "limit cannot be read",
    "memory.max, /proc/meminfo: MemTotal",
    since=None,
    caveat="Others in the same control group count as well.",
)
CPU: Final = Family(
    "nundb_host_process_cpu_seconds_total",
    "counter",
    "User and system CPU time of the node's process",
    "/proc/PID/stat",
    since=None,
)
MAX_CPUS: Final = Family(
    "nundb_host_process_max_cpus",
    "gauge",
    "How many CPUs the node's process may use at once: the quota of its control group, or all on which it may run",
    "cpu.max, /proc/PID/status: Cpus_allowed_list",
    since=None,
)
START_TIME: Final = Family(
    "nundb_host_process_start_time_seconds",
    "gauge",
    "Start time of the node's process by the host's clock, in seconds since the epoch",
    "/proc/PID/stat",
    since=None,
)
FAMILIES: Final = (
    OPEN_FDS,
    MAX_FDS,
    THREADS,
    MAX_THREADS,
    RESIDENT,
    VIRTUAL,
    MAX_MEMORY,
    CPU,
    MAX_CPUS,
    START_TIME,
)

_NEEDS: Final = "Needs --collector.host, which is off by default."

SUBJECT: Final = Subject(
    name=NAME,
    help=HELP,
    families=FAMILIES,
    panels=(
        Panel(
            "File descriptors of the node",
            f"{OPEN_FDS.selected} / {MAX_FDS.selected}",
            "percentunit",
            "Share of the file descriptors that the process may open. One that is refused ends its HTTP for good. "
            f"{_NEEDS}",
            warning=0.5,
            critical=0.8,
        ),
        Panel(
            "Open files and connections of the node",
            OPEN_FDS.selected,
            "short",
            f"Open file descriptors: two for each connection over HTTP, one for each over TCP and WebSocket. {_NEEDS}",
        ),
        Panel(
            "Threads of the node",
            THREADS.selected,
            "short",
            f"One for each connection over TCP, and about a dozen. One fewer than before: a thread has died. {_NEEDS}",
        ),
        Panel(
            "Memory of the node",
            RESIDENT.selected,
            "bytes",
            f"Resident memory. All data is in memory, and so is what waits for a replica. {_NEEDS}",
        ),
        Panel(
            "Memory of the node against its limit",
            f"{RESIDENT.selected} / {MAX_MEMORY.selected}",
            "percentunit",
            "Share of the memory that the process may use. At the limit the kernel kills it, and nothing is saved. "
            f"{_NEEDS}",
            warning=0.7,
            critical=0.9,
        ),
        Panel(
            "CPU of the node against its limit",
            f"rate({CPU.selected}[$__rate_interval]) / {MAX_CPUS.selected}",
            "percentunit",
            "Share of the CPUs that the process may use. Each connection over TCP that has sent a command takes some. "
            f"{_NEEDS}",
        ),
    ),
)
