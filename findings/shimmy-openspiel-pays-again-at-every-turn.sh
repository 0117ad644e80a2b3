#!/usr/bin/env bash
# Shimmy 2.0.1, OpenSpielCompatibilityV0 (OpenSpiel's games as PettingZoo AEC environments), OpenSpiel 2.0.2.
#
# A good guess: the sum of what `last()` pays an agent is the game's return to it, so that a game with equal rewards stays one,
# and a game of zero sum stays one.
# Seen: rewards of a move are added again at turns that move nothing: where all agents move at once, at each turn that only
# notes an action, and at the end, at each turn that takes one agent away. In the cooperative coop_box_pushing with its two
# equal agents both get twice the return, short of 0.1 for the first one; matching pennies of three agents pays once, twice and
# three times by the agent's number; tic-tac-toe pays the winner 1 and the loser -2, or the winner 2 and the loser -1. Returns are
# not those of OpenSpiel or of papers, agents with one reward are paid different ones, and zero-sum play has another sum.
# Source: the package (`step` ends with `_accumulate_rewards` whether the game has moved or not, and rewards are not cleared),
# run here through PettingZoo 1.27.0.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet open_spiel==2.0.2 pettingzoo==1.27.0 gymnasium==1.3.0 numpy==2.4.6
"$folder/venv/bin/pip" install --quiet --no-deps shimmy==2.0.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import numpy as np
import pyspiel
from shimmy import OpenSpielCompatibilityV0


def returns(game, seed):
    """What each agent is paid through Shimmy in a random episode, and the game's own returns, two lists."""
    environment = OpenSpielCompatibilityV0(env=pyspiel.load_game(game))
    environment.reset(seed=seed)
    generator = np.random.default_rng(seed)
    paid = dict.fromkeys(environment.possible_agents, 0.0)
    for agent in environment.agent_iter():
        _, reward, terminated, truncated, info = environment.last()
        paid[agent] += reward
        over = terminated or truncated
        environment.step(None if over else int(generator.choice(np.flatnonzero(info["action_mask"]))))
    return [round(each, 6) for each in paid.values()], [round(each, 6) for each in environment.game_state.returns()]


print(f"Shimmy {version('shimmy')}, OpenSpiel {version('open_spiel')}, PettingZoo {version('pettingzoo')}")
EPISODES = 5
for game, factors in {"tic_tac_toe": (1, 2), "matching_pennies_3p": (1, 2, 3)}.items():
    for seed in range(EPISODES):
        paid, own = returns(game, seed)
        if seed == 1:
            print(f"{game}: paid {paid}; expected, the game's own returns: {own}")
        assert paid == [factor * each for factor, each in zip(factors, own)], "the end is paid another number of times now"

for seed in range(EPISODES):
    (first, second), own = returns("coop_box_pushing", seed)
    if seed == 1:
        print(f"coop_box_pushing: paid {[first, second]}; expected, the game's own returns: {own}")
    assert own[0] == own[1], "the game's two agents are paid different rewards now"
    assert np.isclose(second, 2 * own[1]), "a joint move is paid another number of times now"
    assert np.isclose(first, second + 0.1), "both agents are paid the same now"
PYTHON
