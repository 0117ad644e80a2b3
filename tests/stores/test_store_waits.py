"""A store that does not answer is told while it is waited for."""

import logging
import threading
import time

import pytest

from also.store.waits import WAITS, StoreWaits


@pytest.mark.slow
def test_a_store_that_does_not_answer_is_told_and_so_is_its_return(behind, uri):
    """To whoever listens; the request itself comes to its end."""
    store = behind.opened(uri)
    behind.fault = lambda method, path, before: "held" if method == "PUT" and "campaigns/" in path else ""
    told = []
    made = []
    with WAITS.told(told.append):
        waiting = threading.Thread(target=lambda: made.append(store.create("campaigns/one/a", b"mine")))
        waiting.start()
        while f"store {uri}" not in told:
            time.sleep(0.05)
        behind.gateway.released.set()
        waiting.join()
        while told[-1]:
            time.sleep(0.05)
    assert set(told) == {f"store {uri}", ""}
    assert made == [True]


def test_the_log_is_told_where_nobody_listens(caplog):
    """As in services; and a request that is short is told nowhere."""
    waits = StoreWaits(long_seconds=0.05, look_seconds=0.01)

    def said():
        return [each for each in caplog.messages if "s3://bucket/" in each]  # a store of another test may be slow

    with caplog.at_level(logging.WARNING, "also.store"):
        with waits.request("s3://bucket/a"):
            pass
        assert not said()
        with waits.request("s3://bucket/a"), waits.request("s3://bucket/b"):
            while not said():
                time.sleep(0.01)
        while len(said()) < 2:
            time.sleep(0.01)
    assert said()[0].startswith("waits for store s3://bucket/a")
    assert "answers again after 0 s" in said()[-1]
