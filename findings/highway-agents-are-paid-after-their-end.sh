#!/usr/bin/env bash
# highway-env 1.12.1, intersection-multi-agent-v2 (two cars cross an intersection, each with a reward and an end of its own).
#
# A good guess: a car that arrives or crashes gets its reward once, with `terminated`, as alone in intersection-v2. The loop of the
# docs' page on several agents, `while not (done or truncated)`, plays an episode, and two cars that arrive soon earn the most.
# Seen: a car that has ended goes on to be paid, each second until the time limit: 1 again and again for having arrived, -5 for
# having crashed, or 1 if the wreck slides across the line. A car that arrives earns more if its partner waits until the limit
# than if it drives, as the episode, and with it the pay, ends once both have arrived.
# `terminated` is a tuple, which is true even if it holds nothing but False: the docs' loop plays one step. `any` of it stops cars
# that still drive, and `all` of it need not come true after a crash, as the wreck's partner is not told that the environment
# has ended the episode. Learners that mask at `terminated` are spared some of it, logged returns are not.
# Docs give the loop above, and say nothing of a reward or an end for each car. The first version, v0, has one for both.
# Source: the package (`_agent_reward` asks where a car is, not what happened; `MultiAgentWrapper.step` drops the end), run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet highway-env==1.12.1 gymnasium==1.4.0 numpy==2.4.6 pygame-ce==2.5.8
SDL_VIDEODRIVER=dummy "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import gymnasium
import highway_env  # noqa: F401  (registers)

SEEDS, LIMIT = range(12), 13
WAIT, DRIVE = 0, 2
NAME = "intersection-multi-agent-v2"
wrapped, inner = gymnasium.make(NAME), gymnasium.make(NAME).unwrapped


def documented(seed):
    """Steps that the loop of the docs plays."""
    wrapped.reset(seed=seed)
    steps, done, truncated = 0, False, False
    while not (done or truncated):
        _, _, done, truncated, _ = wrapped.step((DRIVE, WAIT))
        steps += 1
    return steps


def ended(seed, actions):
    """Steps until the environment itself says that the episode is over, by its end or its time limit; whether it was the end."""
    inner.reset(seed=seed)
    for step in range(1, LIMIT + 1):
        _, _, terminated, truncated, _ = inner.step(actions)
        if terminated or truncated:
            return step, terminated
    raise AssertionError("an episode outlasts its time limit now")


def played(seed, actions):
    """An episode until all agents have ended or the time limit: steps, and the first car's rewards until and after its end."""
    wrapped.reset(seed=seed)
    until, after, over = [], [], False
    while True:
        _, rewards, terminated, truncated, _ = wrapped.step(actions)
        (after if over else until).append(float(rewards[0]))
        over = terminated[0]
        if all(terminated) or truncated:
            return len(until) + len(after), until, after


print(f"highway-env {version('highway-env')}, gymnasium {version('gymnasium')}")
lengths = {documented(seed) for seed in SEEDS}
print(f"the docs' loop plays episodes of {sorted(lengths)} steps, expected: up to {LIMIT}")
assert lengths == {1}, "the docs' loop plays on now"

arrived = crashed = slid = 0
returns = []
"""The first car's where it arrives and is paid for it until the limit: if its partner drives, and if it waits."""
for seed in SEEDS:
    steps, until, after = played(seed, (DRIVE, WAIT))
    if after and until[-1] == 1:
        arrived += 1
        assert set(after) == {1}, "cars are paid otherwise after arriving now"
        _, together, afterwards = played(seed, (DRIVE, DRIVE))
        if together[-1] == 1 and steps == LIMIT:
            returns.append((sum(together + afterwards), sum(until + after)))
    elif after:
        crashed += 1
        slid += after[-1] == 1
        own_end, terminated = ended(seed, (DRIVE, WAIT))
        assert until[-1] < -3 and after[-1] in (-5, 1), "a crash costs something else now"
        assert terminated and own_end < steps == LIMIT, "the wreck's partner is told of the end now"
print(f"{len(SEEDS)} episodes, one car drives, one waits: {arrived + crashed} pay the first car after its end, expected: 0;")
print(f"    {arrived} after it arrived, {crashed} after it crashed and the environment's own end ({slid} in the end for arriving)")
assert arrived > 0 and crashed > 0, "cars are paid until their end now"

both, one = (sum(column) / len(returns) for column in zip(*returns))
print(f"{len(returns)} seeds where the first car arrives either way: its mean return is {both:.2f} if its partner drives,", end=" ")
print(f"{one:.2f} if it waits, expected: no more")
assert one > both + 1, "an arrival is paid once now"
PYTHON
