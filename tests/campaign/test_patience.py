"""How long the conductor waits for a service that is away."""

from pathlib import Path

import pytest

from also.campaign.patience import REMOTE_TRIES, TRIES, Patience, pauses
from also.campaign.processes import Services
from also.errors import ServiceError, ServiceUnavailable
from also.settings import Settings


def gone(patience):
    """Work on a service that cannot be reached."""
    raise ServiceUnavailable("gone")


@pytest.mark.parametrize(("addresses", "tries"), [({}, TRIES), ({"critic": "127.0.0.1:1"}, REMOTE_TRIES)])
def test_a_service_that_runs_elsewhere_gets_more_tries(tmp_path, addresses, tries):
    """Nobody but its own platform can start it again, and that takes longer."""
    notes = []
    with (
        Services(Settings(**addresses), Path(tmp_path), notes.append, pause_seconds=0) as services,
        pytest.raises(ServiceError, match=f"critic: gone; {tries} tries brought no progress"),
    ):
        services.persist("critic", gone)
    assert notes == [f"critic: gone; trying again ({number} of {tries - 1})" for number in range(1, tries)]


def test_pauses_double_up_to_the_longest_and_bridge_the_restart_of_a_pod():
    """Half a second at first, two minutes in all where the service runs elsewhere, as ever where it is local."""
    assert pauses(0.5, TRIES) == [0.5, 1, 2, 4]
    assert pauses(0.5, REMOTE_TRIES) == [0.5, 1, 2, 4, 8] + [15] * 7
    assert sum(pauses(0.5, REMOTE_TRIES)) == 120.5


def test_progress_begins_the_count_anew():
    """Only failures in a row count, and only a mark beyond all earlier ones is progress."""
    patience = Patience(service="trainer", log="its log", note=lambda text: None, pause_seconds=0, tries=3)
    for mark in (1, 2, 3):
        patience.failed(ServiceUnavailable("gone"))
        patience.failed(ServiceUnavailable("gone"))
        patience.progressed(mark)
    patience.progressed(2)
    patience.failed(ServiceUnavailable("gone"))
    patience.failed(ServiceUnavailable("gone"))
    patience.progressed(3)
    with pytest.raises(ServiceError, match="3 tries brought no progress"):
        patience.failed(ServiceUnavailable("gone"))
