"""What a campaign waits for, told as it changes."""

from also.campaign.waits import Waits


def test_several_waits_are_told_in_one():
    """Each change once, and nothing when the last one is over."""
    told = []
    waits = Waits(told.append)
    waits.set("store", "")
    waits.set("store", "the store")
    waits.set("validator", "Prometheus")
    waits.set("validator", "Prometheus")
    waits.set("trainer", "the store")
    waits.set("store", "")
    waits.set("validator", "a free core")
    waits.set("trainer", "")
    waits.set("validator", "")
    assert told == [
        "the store",
        "the store and Prometheus",
        "Prometheus and the store",
        "a free core and the store",
        "a free core",
        "",
    ]


def test_a_wait_ends_with_an_error_too():
    """Whatever comes of it, it is over."""
    told = []
    waits = Waits(told.append)
    try:
        with waits.during("critic", "the LLM"):
            raise KeyError
    except KeyError:
        pass
    assert told == ["the LLM", ""]


def test_the_longest_wait_is_counted():
    """Another thing waited for begins anew; the same one goes on."""
    now = 100.0
    waits = Waits(lambda text: None, clock=lambda: now)
    assert waits.seconds == 0
    waits.set("store", "the store")
    now += 5
    waits.set("validator", "Prometheus")
    now += 5
    waits.set("store", "the store")
    assert waits.seconds == 10
    waits.set("store", "")
    assert waits.seconds == 5
    waits.set("validator", "2 branch groups to run: 3 Insufficient cpu")
    assert waits.seconds == 0
    now += 5
    waits.set("validator", "2 branch groups to run: 2 Insufficient cpu")
    assert waits.seconds == 5
    assert waits.text == "2 branch groups to run: 2 Insufficient cpu"
