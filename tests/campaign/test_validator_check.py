"""Whether branches can run and be measured is asked before a campaign is written."""

from dataclasses import replace
from pathlib import Path

import pytest

from also.campaign.run import run
from also.errors import EndpointError


def test_a_validator_that_cannot_validate_stops_a_campaign_before_it_begins(serve, new_world, new_campaign, listener):
    """One error in its words, and nothing is written."""
    refusal = EndpointError("Jobs cannot be created in namespace a: forbidden")
    settings = serve(new_world(refuses=lambda method: refusal if method == "CheckValidator" else None))
    with pytest.raises(EndpointError, match="Jobs cannot be created in namespace a: forbidden"):
        run(new_campaign(), "one", settings, listener)
    assert not Path(settings.store).exists()


@pytest.mark.slow
def test_a_prometheus_beside_local_branches_is_refused(serve, new_world, new_campaign, listener, monkeypatch):
    """A local validator is asked, too, where a Prometheus is named: nothing scrapes processes of this machine."""
    prometheus = "http://127.0.0.1:9"
    monkeypatch.setenv("ALSO_PROMETHEUS", prometheus)
    settings = replace(serve(new_world()), validator="", prometheus=prometheus)
    with pytest.raises(EndpointError, match="ALSO_PROMETHEUS is set, and branches are processes of this machine"):
        run(new_campaign(), "one", settings, listener)
    assert not Path(settings.store).joinpath("campaigns").exists()
