"""The grammar of records, line by line."""

import pytest

from nundb_exporter.log.records import read_errors, read_output

from . import writing


@pytest.mark.parametrize(
    ("text", "duration", "start", "seconds"),
    [
        ("unwatch-all", "971ns", b"unwatch-all", 971e-9),
        ("get k", "16µs", b"get k", 16e-6),
        ("get k", "16\u03bcs", b"get k", 16e-6),
        ("get k\n", "10.981µs", b"get k", 10.981e-6),
        ("get k\r\n", "10.981µs", b"get k\r", 10.981e-6),
        ("set k v;;;\n", "152.221449ms", b"set k", 0.152221449),
        ("set k 1\n2\n\n3", "1.279372845s", b"set k", 1.279372845),
        ("set k ' in 3.5ms", "4µs", b"set k", 4e-6),
        ("set k a' in 9s\nb", "4µs", b"set k", 4e-6),
        ("set k a' in 9s\n", "4µs", b"set k", 4e-6),
        ("get it's", "4µs", b"get it", 4e-6),
        ("replicate shop key -1 value", "4µs", b"replicate shop key", 4e-6),
        ("replicate shop key\nx -1 value", "4µs", b"replicate shop key", 4e-6),
        ("replicate-join 10.0.0.1:3014", "4µs", b"replicate-join 10.0.0.1:3014", 4e-6),
        ("au****h **** ****", "4µs", b"au****h ****", 4e-6),
        (f"get {'k' * 1000}", "4µs", b"get " + b"k" * 120, 4e-6),
        ("get a\ufffd", "4\ufffd\ufffds", b"get a\xef\xbf\xbd", 4e-6),
    ],
)
def test_a_request_is_read(text: str, duration: str, start: bytes, seconds: float) -> None:
    """One line or several, every unit; the last `' in` counts, and of the text only verb and key are kept."""
    records = read_output(writing.request(7, text, duration))
    (request,) = records.requests.rows()
    assert (request.start, request.thread) == (start, b"140572511770304")
    assert request.seconds == pytest.approx(seconds)
    assert request.time == b"2026-11-25T15:35:00.000000007Z"
    assert records.unparsed == 0


@pytest.mark.parametrize(
    "message",
    [
        "will run start_inital_election in 1s",
        "Loaded db: d in 23.6ms",
        "Loaded all dbs from cloud in 401.2ms",
        'Peding messages on the server message: "set a\' in 3µs", opp_id: 1',
    ],
)
def test_other_messages_with_a_duration_are_no_requests(message: str) -> None:
    """Only what Nun-db has processed is one."""
    records = read_output(writing.record(1, "nundb::process_request", message))
    assert not records.requests.seconds
    assert records.unparsed == 0


@pytest.mark.parametrize("number", ["", " (16367)"])
def test_a_panic_is_counted_with_or_without_the_number_of_its_thread(number: str) -> None:
    """Compilers differ in that."""
    text = f"\nthread 'Timer thread'{number} panicked at src/lib/disk_ops.rs:269:10:\nsome message\nnote: run with\n"
    for records in (read_output(text.encode()), read_errors(text.encode())):
        assert records.events == {"panic": 1, "panic_timer": 1}
        assert records.unparsed == 0


def test_a_key_does_not_choose_how_its_conflict_was_resolved() -> None:
    """The key stands within the message."""
    message = "Will resolve the conflict in the key x using None using Newer"
    assert read_output(writing.record(1, "nundb::consensus_ops", message)).events == {"conflict_newer": 1}


def test_unknown_lines_are_counted_as_such() -> None:
    """A line of another program, a torn request, and a further line without a beginning."""
    torn = "[2026-11-25T15:35:21.921624158Z nundb::process_request] [1] Server processed message 'get k\n"
    assert read_output(f"    rest\nhello\n{torn}".encode()).unparsed == 3


def test_the_heartbeat_has_a_time() -> None:
    """The thread that snapshots says that it is alive."""
    records = read_output(writing.record(5, "nundb::disk_ops", "snapshot_all_pendding_dbs | queue_len == 0"))  # sic
    assert records.heartbeat == records.last_time == b"2026-11-25T15:35:00.000000005Z"
