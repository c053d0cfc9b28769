"""Situations of one node."""

from typing import Final

from nundb_exporter.collectors import pending, process, queries, transports
from nundb_exporter.errors import Reason
from nundb_exporter.metrics import SCRAPE_FAILURE, UP
from nundb_exporter.monitoring.alerts import node as alerts
from nundb_exporter.monitoring.cases.case import Case, of, on
from nundb_exporter.monitoring.cases.situations import B, failing
from nundb_exporter.monitoring.cases.values import absent, held

_ALTERNATING: Final = (held(0, "15s") + held(1, "15s")) * 20
_INVERSE: Final = (held(1, "15s") + held(0, "15s")) * 20

CASES: Final = (
    Case(
        about="a node refuses connections",
        series=(failing(Reason.CONNECT, held(0, "1m") + held(1), held(1, "1m") + held(0)),),
        at="4m",
        fires=(
            on(
                alerts.DOWN,
                text="The node behind a (job nundb) cannot be reached: for two minutes there has been no connection, "
                "or none that lasted.",
            ),
        ),
    ),
    Case(
        about="a node restarts within a minute",
        series=(
            failing(
                Reason.CONNECT,
                held(0, "1m") + held(1, "75s") + held(0),
                held(1, "1m") + held(0, "75s") + held(1),
            ),
        ),
        at="4m",
        misses=(alerts.DOWN,),
    ),
    Case(
        about="an exporter too old to give reasons says that its node is down",
        series=(of(UP, held(0)),),
        at="3m",
        fires=(on(alerts.DOWN),),
    ),
    Case(
        about="each scrape of a node fails for another reason than the last",
        series=(
            of(UP, held(0)),
            of(SCRAPE_FAILURE, _ALTERNATING, reason=Reason.CONNECT),
            of(SCRAPE_FAILURE, _INVERSE, reason=Reason.TIMEOUT),
        ),
        at="5m",
        fires=(on(alerts.DOWN),),
        misses=(alerts.HUNG,),
    ),
    Case(
        about="a node accepts connections and says nothing",
        series=(failing(Reason.TIMEOUT, held(1), held(0)),),
        at="3m",
        fires=(
            on(
                alerts.HUNG,
                text="The node behind a (job nundb) accepts connections but does not answer: for two minutes no answer "
                "has come in time.",
                reason=Reason.TIMEOUT,
            ),
        ),
        misses=(alerts.DOWN,),
    ),
    Case(
        about="every other scrape of a node is too late",
        series=(failing(Reason.TIMEOUT, _ALTERNATING, _INVERSE),),
        at="9m",
        misses=(alerts.HUNG,),
    ),
    Case(
        about="the password is wrong",
        series=(failing(Reason.AUTH, held(1), held(0)),),
        at="3m",
        fires=(
            on(
                alerts.CREDENTIALS_REFUSED,
                text="The node behind a (job nundb) refuses the exporter's credentials: it answers `invalid auth`, and "
                "nothing else is known about it.",
                reason=Reason.AUTH,
            ),
        ),
        misses=(alerts.DOWN,),
    ),
    Case(
        about="the password is changed on the node first and on the exporter a minute later",
        series=(
            failing(
                Reason.AUTH,
                held(0, "1m") + held(1, "75s") + held(0),
                held(1, "1m") + held(0, "75s") + held(1),
            ),
        ),
        at="4m",
        misses=(alerts.CREDENTIALS_REFUSED,),
    ),
    Case(
        about="a web page answers in the node's place",
        series=(failing(Reason.PROTOCOL, held(1), held(0)),),
        at="6m",
        fires=(
            on(
                alerts.ANSWER_UNREADABLE,
                text="The replies of the node behind a (job nundb) are not Nun-db's: something else answers, or a "
                "Nun-db that the exporter does not know.",
                reason=Reason.PROTOCOL,
            ),
        ),
        misses=(alerts.DOWN,),
    ),
    Case(
        about="one HTTP worker panics, and the next answer is good",
        series=(
            failing(
                Reason.PROTOCOL,
                held(0, "1m") + held(1, "15s") + held(0),
                held(1, "1m") + held(0, "15s") + held(1),
            ),
        ),
        at="6m",
        misses=(alerts.ANSWER_UNREADABLE,),
    ),
    Case(
        about="the WebSocket listener dies and the node lives on",
        series=(
            of(UP, held(1)),
            of(transports.UP, held(1), transport="http"),
            of(transports.UP, held(0), transport="websocket"),
        ),
        at="3m",
        fires=(
            on(
                alerts.TRANSPORT_DOWN,
                text="The websocket listener of the node behind a (job nundb) does not answer, while another one does.",
                transport="websocket",
            ),
        ),
    ),
    Case(
        about="the HTTP listener dies and the node lives on, with an exporter that asks over HTTP",
        series=(
            failing(Reason.CONNECT, held(1), held(0)),
            of(transports.UP, held(0), transport="http"),
            of(transports.UP, held(1), transport="tcp"),
        ),
        at="3m",
        fires=(on(alerts.DOWN), on(alerts.TRANSPORT_DOWN, transport="http")),
    ),
    Case(
        about="a node dies, and with it all of its listeners",
        series=(
            failing(Reason.CONNECT, held(1), held(0)),
            *(of(transports.UP, held(0), transport=each) for each in transports.TRANSPORTS),
        ),
        at="3m",
        fires=(on(alerts.DOWN),),
        misses=(alerts.TRANSPORT_DOWN,),
    ),
    Case(
        about="a transport misses one probe",
        series=(
            of(UP, held(1)),
            of(transports.UP, held(1, "90s") + held(0, "15s") + held(1), transport="tcp"),
        ),
        at="3m",
        misses=(alerts.TRANSPORT_DOWN,),
    ),
    Case(
        about="a node starts four times in ten minutes, and is away in between",
        series=(
            of(UP, held(1)),
            of(
                process.START_TIME,
                held(10, "150s")
                + absent("30s")
                + held(170, "150s")
                + absent("30s")
                + held(350, "150s")
                + absent("30s")
                + held(530),
            ),
        ),
        at="11m",
        fires=(
            on(
                alerts.RESTART_LOOP,
                text="The node behind a (job nundb) has started 3 times within 15 minutes.",
            ),
        ),
    ),
    Case(
        about="a node is restarted for an upgrade, and once more for a setting",
        series=(
            of(UP, held(1)),
            of(
                process.START_TIME,
                held(10, "150s") + absent("30s") + held(170, "150s") + absent("30s") + held(350),
            ),
        ),
        at="11m",
        misses=(alerts.RESTART_LOOP, alerts.CLOCKS_APART),
    ),
    Case(
        about="a node says that it started a minute from now",
        series=(of(UP, held(1)), of(process.START_TIME, held(360))),
        at="5m",
        fires=(
            on(
                alerts.CLOCKS_APART,
                text="The clocks of the node behind a (job nundb) and of Prometheus differ: its answers carry another "
                "time, or it reports times in the future, or a start time before its last restart.",
            ),
        ),
    ),
    Case(
        about="an operation is made half a minute from now, and acknowledged before the next scrape",
        series=(
            of(UP, held(1)),
            of(process.START_TIME, held(0)),
            of(pending.OLDEST, absent("105s") + held(135, "15s") + absent(), member=B),
        ),
        at="4m",
        fires=(on(alerts.CLOCKS_APART),),
    ),
    Case(
        about="a node restarts and says that this was an hour ago",
        series=(of(UP, held(1)), of(process.START_TIME, held(10, "63m") + held(500))),
        at="66m",
        fires=(on(alerts.CLOCKS_APART),),
    ),
    Case(
        about="a node's clock is set back by half a minute while it runs",
        series=(
            of(UP, held(1)),
            of(process.START_TIME, held(0)),
            of(process.CLOCK_OFFSET, held(0, "1m") + held(-30)),
        ),
        at="4m",
        fires=(on(alerts.CLOCKS_APART),),
    ),
    Case(
        about="a node's clock is a second behind, and one answer looks older than it is",
        series=(
            of(UP, held(1)),
            of(process.START_TIME, held(0)),
            of(process.CLOCK_OFFSET, held(-1.4, "150s") + held(-6, "15s") + held(-1.4)),
        ),
        at="4m",
        misses=(alerts.CLOCKS_APART,),
    ),
    Case(
        about="a node restarts, its clock two seconds ahead",
        series=(
            of(UP, held(1)),
            of(process.START_TIME, held(10, "63m") + held(3782)),
            of(pending.OLDEST, absent("65m") + held(3902, "15s") + absent(), member=B),
        ),
        at="66m",
        misses=(alerts.CLOCKS_APART, alerts.RESTART_LOOP),
    ),
    Case(
        about="commands take 300 ms",
        series=(of(UP, held(1)), of(queries.DURATION, held(0.3))),
        at="16m",
        fires=(
            on(
                alerts.QUERIES_SLOW,
                text="Commands on the node behind a (job nundb) have taken at least 300ms on average for 15 minutes.",
            ),
        ),
    ),
    Case(
        about="two elections of a second each raise the average of commands, and it decays with the scrapes",
        series=(
            of(UP, held(1)),
            of(
                queries.DURATION,
                held(0.02, "150s")
                + held(0.16, "15s")
                + held(0.14, "15s")
                + held(0.12, "15s")
                + held(0.11, "15s")
                + held(0.1, "15s")
                + held(0.09),
            ),
        ),
        at="16m",
        misses=(alerts.QUERIES_SLOW,),
    ),
)
