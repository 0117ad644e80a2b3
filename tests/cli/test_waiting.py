"""What takes long says that it is at work."""

import threading

from also.cli.waiting import told


def test_what_takes_long_is_told_again_and_again(capsys):
    """On standard error, with the seconds that have passed."""
    seen = threading.Event()
    with told("trying a:b", first=0.01, every=0.01):
        while "0 s" not in (err := capsys.readouterr().err):
            seen.wait(0.01)
    assert err.startswith("trying a:b: 0 s\n")


def test_what_is_done_soon_is_not_told(capsys):
    """Nothing is printed, and nothing is left running."""
    with told("trying a:b", first=1000):
        pass
    assert capsys.readouterr().err == ""
    assert not any(thread.name == "waiting" for thread in threading.enumerate())
