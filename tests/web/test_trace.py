"""The page of `debug=true`: no secret of a module, whoever repeats it and however it is written there."""

from dataclasses import replace

import pytest

from nundb_exporter.client.route import DIRECT
from nundb_exporter.config.settings import DEFAULT_URL, CanarySettings, Module, Target, parse_endpoint
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret
from nundb_exporter.metrics import SCRAPE_FAILURE, Answers
from nundb_exporter.results import CollectorResult, Scrape
from nundb_exporter.web.selection import Selection
from nundb_exporter.web.trace import written

WORD = Secret('m4rk-"quoted"\\back')
PLAIN = Module(Credentials("nun", Secret("nun-pwd")), ())
ACCESS = DatabaseAccess("shop", WORD)


@pytest.mark.parametrize(
    "module",
    [
        replace(PLAIN, credentials=Credentials("nun", WORD)),
        replace(PLAIN, databases=(ACCESS,)),
        replace(PLAIN, canary=CanarySettings(ACCESS)),
    ],
    ids=["password", "token", "canary"],
)
def test_a_secret_is_hidden_where_a_node_repeats_it(module: Module) -> None:
    """In an error as it is, in a label with what the format of metrics escapes."""
    repeated = WORD.reveal()
    samples = [SCRAPE_FAILURE.sample(1, f"no {repeated}")]
    scrape = Scrape(samples, Answers(), {"oplog": CollectorResult(failure=f"no {repeated}")}, None, 0.1)
    selection = Selection(Target(parse_endpoint("target", DEFAULT_URL), module), "default", DIRECT)
    page = written(selection, scrape, (), (), 1.0)
    assert "m4rk" not in page
    assert "collector oplog: failed: no ****" in page
    assert f'{SCRAPE_FAILURE}{{reason="no ****"}} 1' in page
