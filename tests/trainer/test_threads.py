"""Two pieces of work at once."""

import os
import threading

import pytest
import torch

from also.services.trainer import threads
from also.services.trainer.threads import Threads


@pytest.mark.parametrize("count", [1, 2])
def test_both_results_come_back_in_order(count: int) -> None:
    """Whichever ends first."""
    pair = Threads(count)
    assert pair.both(lambda: "first", lambda: 2) == ("first", 2)
    assert pair.both(lambda: 1, lambda: "second") == (1, "second")
    pair.close()


def test_the_second_piece_runs_in_a_thread_that_is_set_up_like_the_first() -> None:
    """It has a thread of its own at the same time, and flushes denormal numbers to 0 as the first does."""
    pair = Threads(2)
    met = threading.Barrier(2, timeout=60)

    def work() -> tuple[int, int, float]:
        met.wait()
        return threading.get_ident(), torch.get_num_threads(), float(torch.tensor(1e-30) * torch.tensor(1e-15))

    first, second = pair.both(work, work)
    assert first[0] != second[0]
    assert first[1:] == second[1:] == (1, 0.0)
    pair.close()


@pytest.mark.parametrize("count", [1, 2])
def test_what_the_second_piece_raises_is_raised(count: int) -> None:
    """And so is what the first one raises, once both have ended."""
    pair, ended = Threads(count), []

    def fail() -> None:
        raise ValueError("second")

    with pytest.raises(ValueError, match="second"):
        pair.both(lambda: ended.append(1), fail)
    with pytest.raises(ZeroDivisionError):
        pair.both(lambda: 1 // 0, lambda: ended.append(2))
    assert ended == ([1, 2] if count == 2 else [1])
    pair.close()


def test_a_process_that_may_use_one_core_uses_one_thread() -> None:
    """`auto` follows the cores that the process was given, not those of the machine."""
    mine = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(mine)})
        assert threads.usable("auto") == 1
        assert threads.usable("2") == 2
    finally:
        os.sched_setaffinity(0, mine)
    assert threads.usable("auto") == min(len(mine), 2)
    assert threads.usable("1") == 1
