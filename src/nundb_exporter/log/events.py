"""What Nun-db says about itself in its log, and what each line means: seen on the running server.

Each message is matched from its start, because many carry text of clients further on. A line is counted once for each
event that it stands for; several lines may belong to one incident, where the meaning says so.
"""

from typing import Final, NamedTuple

_NODE: Final = r"\S+"


class Event(NamedTuple):
    """An event: the value of a label, the lines that stand for it, and what they mean."""

    name: str
    target: str
    """Who writes the line, as Nun-db's header names it; empty for lines without a header."""
    pattern: str
    """A regular expression for the start of the message."""
    meaning: str


START: Final = "start"
HEARTBEAT: Final = "declutter_heartbeat"

EVENTS: Final = (
    # The process.
    Event(START, "nun_db", r"nundb starting!", "A process has begun to run."),
    Event(
        "signal", "", r"Received signal \d+", "The process was asked to end by SIGINT: it saves the queued databases."
    ),
    Event("credentials_missing", "", r"NUN_USER and NUN_PWD must be provided", "No name or password: it exits with 1."),
    Event(
        "oplog_invalid_at_start",
        "nun_db",
        r"Nun-db has restarted with op-log in a invalid state",  # sic
        "The operation log was dropped after an unclean end: a full synchronisation follows.",
    ),
    Event("storage", "nundb::disk_ops", r"Will load all databases from using", "The node loads its databases."),  # sic
    Event(
        "declutter_interval",
        "nundb::disk_ops",
        r"Will start_snap_shot_timer every \d+ seconds",
        "The snapshot thread has begun to run.",
    ),
    Event(
        HEARTBEAT,
        "nundb::disk_ops",
        r"snapshot_all_pendding_dbs \| queue_len == \d+",  # sic
        "The snapshot thread is alive: once an interval, and at SIGINT. No line says that a snapshot is done.",
    ),
    # Elections: every join and every leave leads to one, so none of these is an alarm by itself.
    Event("election_started", "nundb::election_ops", r"Will start election", "This node attempts an election."),
    Event(
        "election_forced",
        "nundb::election_ops",
        rf"Will start new election from {_NODE}",
        "The primary starts an election anew; normal at each join and leave.",
    ),
    Event(
        "election_won",
        "nundb::election_ops",
        r"Setting this server as a primary!",
        "This node acts as the primary from now on, perhaps again.",
    ),
    Event(
        "election_alone",
        "nundb::election_ops",
        r"Only one node in the cluster, will set as primary",
        "This node sees no other: a single node, or one that has lost all others.",
    ),
    Event(
        "election_timeout",
        "nundb::election_ops",
        r"Election timeout, will claim as primary",
        "A member did not answer within NUN_ELECTION_TIMEOUT.",
    ),
    Event(
        "election_stopped",
        "nundb::election_ops",
        r"No longer eligible to be primary, will stop election"
        r"|Will not run start_election at this node, because it is not eligible",
        "Another node is preferred; normal when a replica starts.",
    ),
    Event(
        "election_candidate",
        "nundb::election_ops",
        r"Election received \[candidate_id : ",
        "A node asks to be primary.",
    ),
    Event(
        "more_than_one_primary",
        "nundb::process_request",
        rf"Got a set primary from {_NODE} but already is a primary",
        "A primary was told of another one. Two primaries that do not know each other log nothing.",
    ),
    # Members.
    Event(
        "primary_changed",
        "nundb::process_request",
        rf"Setting {_NODE} as primary!",
        "A node was set as the primary; at each join several times.",
    ),
    Event("primary_changed", "nundb::bo", rf"Promoting {_NODE} to primary", ""),
    Event(
        "member_added",
        "nundb::process_request",
        rf"Setting {_NODE} as secondary!",
        "A member was added; also this node's own address.",
    ),
    Event(
        "member_dialled",
        "nundb::replication_ops",
        rf"replicating to tcp client in the addr: {_NODE}",
        "This node opened a replication link; one that joins also dials itself.",
    ),
    Event(
        "member_removed",
        "nundb::replication_ops",
        rf"\[start_replication_creator_thread\] removing {_NODE} from the cluster!!"
        rf"|Removing member {_NODE} from cluster add_secondary_to_(?:primary died|secoundary)!",  # sic
        "A member is gone: up to two lines for each.",
    ),
    Event(
        "link_closed",
        "nundb::replication_ops",
        r"replication::next::Empty message",
        "A replication link has ended: two lines for each lost peer.",
    ),
    Event(
        "join_failed",
        "nundb::replication_ops",
        r"Error global_fut ",
        "A node that wanted to join could not be reached: it will be alone, and a primary.",
    ),
    Event(
        "join_target_down",
        "nundb::replication_ops",
        rf"Could not stablish the connection to replicate to {_NODE}",  # sic
        "A node to join is not up; normal for the first nodes of a cluster.",
    ),
    Event(
        "duplicate_join",
        "",
        r"Re-adding a secoundary that alrady exists!!!",  # sic
        "A member that is listed already has joined: this process ends with exit code 101.",
    ),
    # Replication.
    Event(
        "full_sync",
        "nundb::replication_ops",
        r"Will perform a full sync!",
        "This node was asked for all its data; normal at each join.",
    ),
    Event(
        "ack_unknown", "nundb::replication_ops", r"Acknowledging invalid opp \d+", "An unknown operation was confirmed."
    ),
    Event(
        "ack_foreign",
        "nundb::replication_ops",
        r"trying to ack \d+ but not pedding from the server ",  # sic
        "A node that was not asked has confirmed an operation.",
    ),
    Event(
        "ack_twice",
        "nundb::replication_ops",
        r"trying to ack \d+ but already ack from the server ",
        "Two snapshots overlapped: both have the operation id 0, and one of them stays pending.",
    ),
    Event(
        "replicated_op_failed",
        "nundb::process_request",
        r"Error to process message \d+, error: ",
        "A replicated operation failed here; it was confirmed all the same.",
    ),
    Event(
        "write_during_election",
        "nundb::replication_ops",
        r"start_replication_thread:: Not replicatin .*, None sender\r?\Z",  # sic
        "A write while the primary held an election. Sets still reach all members; increments are lost there. On a "
        "replica without a link to the primary: the write stayed local.",
    ),
    Event(
        "link_write_failed",
        "nundb::replication_ops",
        r"Error replicating message",
        "An operation could not be written to a replication link.",
    ),
    # Conflicts.
    Event(
        "conflict_none",
        "nundb::consensus_ops",
        r"Will resolve the conf\w+ in the key .* using None\r?\Z",
        "A stale write was refused. On a secondary: it refused a replicated write, so the members differ.",
    ),
    Event(
        "conflict_newer",
        "nundb::consensus_ops",
        r"Will resolve the conf\w+ in the key .* using Newer\r?\Z",
        "Two writes met, and the newer one won.",
    ),
    Event(
        "conflict_arbiter",
        "nundb::consensus_ops",
        r"Will resolve the conf\w+ in the key .* using Arbiter\r?\Z",
        "Two writes met, and the arbiter decides.",
    ),
    Event("no_arbiter", "nundb::consensus_ops", r"Has no arbiter", "A conflict waits, for no arbiter is connected."),
    Event(
        "to_arbiter", "nundb::consensus_ops", r"Sending conflict to the arbiter ", "A conflict was sent to the arbiter."
    ),
    Event("resolved", "nundb::process_request", r"Processing resolve for ", "A conflict was resolved."),
    # Connections.
    Event(
        "dead_watcher",
        "nundb::bo",
        r"Request::Set sender\.send Error: send failed because receiver is gone",
        "A watcher that is gone is still notified: two lines for each write, for ever.",
    ),
    Event(
        "slow_tcp_client",
        "nundb::network::tcp_ops",
        r"process_message Error: ",
        "A TCP client does not read, or has closed its connection.",
    ),
    Event("http_body", "nundb::network::http_ops", r"error ", "A request over HTTP was not UTF-8."),
    Event(
        "http_accept_died",
        "tiny_http",
        r"Error accepting new client: ",
        "No descriptor was left: the HTTP listener is gone for good. Up to two lines for each.",
    ),
    Event("http_accept_died", "nundb::network::http_ops", r"server\.recv::error ", ""),
    Event(
        "bind_failed",
        "nundb::network::tcp_ops",
        r"TCP Bind error: ",
        "A port was in use: that transport is missing, while the process goes on.",
    ),
    Event("bind_failed", "ws", r"Unable to listen on ", ""),
    # HTTP only panics. WebSocket's panic begins otherwise, so it is not counted twice.
    Event("bind_failed", "", r"called `Result::unwrap\(\)` on an `Err` value: Os \{ code: \d+, kind: AddrInUse", ""),
    Event("ws_listen", "ws", r"Listening for new connections on ", "The WebSocket listener is up."),
    Event("ws_accept", "ws::io", r"Accepted a new tcp connection from ", "A connection to the WebSocket port."),
    Event(
        "ws_client_lost",
        "nundb::network::ws_ops",
        r"ws_ops::_read_thread::error::None Will close the connection",
        "The loop of all WebSocket clients has ended.",
    ),
    # Storage.
    Event(
        "oplog_unreadable",
        "nundb::disk_ops",
        r"Os \{ code: \d+",
        "The operation log cannot be opened: directory or file gone, or no descriptor left.",
    ),
    Event(
        "dir_unusable",
        "nundb::disk_ops",
        r"Could not open the file .*, Error: ",
        "The data directory is missing or read-only: it exits with 101.",
    ),
    Event(
        "disk_full",
        "",
        r"called `Result::unwrap\(\)` on an `Err` value: Os \{ code: \d+, kind: StorageFull",
        "The disk is full: a thread that wrote has ended.",
    ),
    Event(
        "s3_failed",
        "nundb::storage::s3_partition",
        r"S3PartitionStorage::store_buffer_to_s3 failed: |Fail to store partition \d+ in s3: ",
        "An upload failed, four lines and one more for each partition; the snapshot thread ends with it.",
    ),
    Event(
        "s3_load_failed",
        "nundb::storage::s3_partition",
        r".* trying to load the databse",  # sic
        "A partition could not be loaded; after four lines it exits with 101.",
    ),
    Event("s3_loaded", "nundb::storage::s3", r"Loaded all dbs from cloud in ", "All databases were loaded from S3."),
    Event("s3_loaded", "nundb::storage::s3_partition", r"Loaded all dbs from cloud in ", ""),
)

_PANICS: Final = {
    "panic": "A thread has panicked, whichever it was. A lost HTTP worker may print two.",
    "panic_main": "The main thread has panicked: the process ends with exit code 101.",
    "panic_timer": "The snapshot thread has panicked: nothing is saved any more, and SIGINT does not end the process.",
    "panic_other": "An HTTP worker, a TCP connection, a replication link or the WebSocket loop has panicked.",
}
MEANINGS: Final = {**{event.name: event.meaning for event in reversed(EVENTS) if event.meaning}, **_PANICS}
"""What each event means, by its name: all that can occur, each once."""
