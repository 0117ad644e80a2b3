"""`kill -9` of any process at any time, then the same command: nothing is repeated, nothing is lost."""

import os
import random
import time

import psutil
import pytest

from also.campaign.fold import event_of

KILLS = 30
"""Random kills at least, over as many campaigns as it takes."""

SEED = 20260523
"""Seed of victims and moments, unless ALSO_KILL_SEED gives another one."""

LONGEST_PAUSE = 0.7
"""Longest time between two kills, as a share of what an undisturbed campaign takes on this machine."""


def family_of(process):
    """A running command and all its descendants."""
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


def kill_until_done(real_run, folder, draw, longest):
    """Run a campaign to its end, killing one of its processes now and then; gives the names of the killed."""
    killed = []
    while True:
        with real_run(folder, "--json") as command:
            seen = set()
            while command.poll() is None:
                time.sleep(draw.uniform(0.0, longest))
                try:
                    family = family_of(command)
                    seen.update(family)
                    victim = draw.choice(family)
                    name = " ".join(victim.cmdline()[1:5])
                    victim.kill()
                except psutil.NoSuchProcess:
                    continue
                killed.append(name)
            said = command.communicate(timeout=60)[1]
        _, alive = psutil.wait_procs(seen, timeout=10)
        assert alive == [], "a process outlived the command"
        assert command.returncode != 2, said
        if command.returncode == 0:
            return killed


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_campaigns_decide_what_the_unkilled_one_decides(finished, real_run, journal_of, tmp_path):
    """Over at least thirty random kills of all kinds of processes, every journal is the unkilled one's."""
    seed = int(os.environ.get("ALSO_KILL_SEED", SEED))
    draw = random.Random(seed)
    print(f"seed {seed}")
    expected = [event_of(record) for record in journal_of(finished.folder)]
    killed = []
    while len(killed) < KILLS:
        folder = tmp_path / f"killed-{len(killed)}"
        folder.mkdir()
        killed += kill_until_done(real_run, folder, draw, LONGEST_PAUSE * finished.duration)
        print(f"{len(killed)} kills: {killed}")
        assert [event_of(record) for record in journal_of(folder)] == expected
