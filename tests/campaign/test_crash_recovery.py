"""`kill -9` of any process at any time, then the same command: nothing is repeated, nothing is lost."""

import os
import random
import time
from collections import Counter
from itertools import count

import psutil
import pytest

from also.campaign.fold import event_of

KILLS = 30
"""Random kills at least, over as many campaigns as it takes."""

LLM_KILLS = 12
"""As many for campaigns whose minds have an LLM."""

SEED = 20260523
"""Seed of victims and moments, unless ALSO_KILL_SEED gives another one."""

LONGEST_PAUSE = 0.6
"""Longest time between two kills, as a share of what an undisturbed campaign takes here; its start is half of it."""


def kind_of(process):
    """The module that a process runs, e.g. "also.services.critic"; a forked one's command is its fork server's."""
    module = process.cmdline()[2]
    return f"{module}: {process.name()}" if module == "also.forks.server" else module


def kill_one(family, draw):
    """Kill a process of a kind drawn among those that live, and give its kind; None when it was too late."""
    try:
        kinds = {process: kind_of(process) for process in family}
        kind = draw.choice(sorted(set(kinds.values())))
        draw.choice([process for process in family if kinds[process] == kind]).kill()
    except (psutil.NoSuchProcess, IndexError):
        return None
    return kind


def decided(record):
    """What a record decided, without how long its LLM took: asked again after a kill, it takes another time."""
    event = event_of(record)
    if hasattr(event, "llm"):
        event.llm.ClearField("seconds")
    return event


def kill_until_done(real_run, folder, draw, longest, *arguments):
    """Run a campaign to its end, killing one of its processes now and then; gives the kinds of the killed."""
    killed = []
    while True:
        with real_run(folder, "--json", *arguments) as command:
            conductor = psutil.Process(command.pid)
            seen = {conductor}
            while command.poll() is None:
                time.sleep(draw.uniform(0.0, longest))
                family = [conductor, *conductor.children(recursive=True)] if conductor.is_running() else []
                seen.update(family)
                killed.append(kill_one(family, draw))
            said = command.communicate(timeout=60)[1]
        _, alive = psutil.wait_procs(seen, timeout=60)
        assert alive == [], "a process outlived the command"
        assert command.returncode != 2, said
        if command.returncode == 0:
            return [kind for kind in killed if kind is not None]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_campaigns_decide_what_the_unkilled_one_decides(finished, real_run, journal_of, tmp_path):
    """Over at least thirty random kills of all kinds of processes, every journal is the unkilled one's."""
    seed = int(os.environ.get("ALSO_KILL_SEED", SEED))
    draw = random.Random(seed)
    print(f"seed {seed}")
    expected = [event_of(record) for record in journal_of(finished.folder)]
    killed, campaigns = Counter(), count()
    while killed.total() < KILLS:
        folder = tmp_path / f"killed-{next(campaigns)}"
        folder.mkdir()
        killed.update(kill_until_done(real_run, folder, draw, LONGEST_PAUSE * finished.duration))
        print(f"{killed.total()} kills: {dict(killed)}")
        assert [event_of(record) for record in journal_of(folder)] == expected


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_campaigns_with_an_llm_ask_and_decide_what_the_unkilled_one_does(
    nonsense, llm_arguments, real_run, journal_of, tmp_path
):
    """Diagnoses and candidates too are the unkilled campaign's, and cost what they cost there: none is paid twice."""
    draw = random.Random(int(os.environ.get("ALSO_KILL_SEED", SEED)))
    expected = [decided(record) for record in journal_of(nonsense.folder)]
    killed, campaigns = Counter(), count()
    while killed.total() < LLM_KILLS:
        folder = tmp_path / f"killed-{next(campaigns)}"
        folder.mkdir()
        longest = LONGEST_PAUSE * nonsense.duration
        killed.update(kill_until_done(real_run, folder, draw, longest, *llm_arguments))
        print(f"{killed.total()} kills: {dict(killed)}")
        assert [decided(record) for record in journal_of(folder)] == expected
