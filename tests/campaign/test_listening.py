"""Warnings in a service's log reach whoever watches while the service answers."""

import threading
import time

from also.campaign.listening import Listening


def test_new_warnings_are_told_and_nothing_else(tmp_path):
    """Each once: neither what was there before, nor other lines, nor a line that is not whole yet."""
    log, heard = tmp_path / "trainer.log", []
    log.write_text("warning: worker 0: of another day\n")
    several = threading.Event()

    def note(text: str) -> None:
        heard.append(text)
        if len(heard) == 2:
            several.set()

    with Listening(log, note, look_seconds=0.01), log.open("a") as written:
        for part in (
            "a step\nwarning: worker 1: no step for 10 s\nwarn",
            "ing: worker 1: no step for 20 s\nwarning: x\n",
        ):
            written.write(part)
            written.flush()
            time.sleep(0.05)
        assert several.wait(60)
    assert heard == ["worker 1: no step for 10 s", "worker 1: no step for 20 s"]


def test_a_log_that_is_not_there_is_no_matter(tmp_path):
    """A service that has said nothing has none."""
    heard: list[str] = []
    with Listening(tmp_path / "trainer.log", heard.append, look_seconds=0.01):
        time.sleep(0.05)
    assert heard == []
