#!/usr/bin/env bash
# lbforaging 2.0.0, the tasks with limited sight (`Foraging-2s-8x8-2p-2f-v3` and the like, the partly observed ones of EPyMARL).
#
# A good guess: under sight 2 an agent sees food and partners up to two rows and two columns away, wherever it stands, and who
# sees is seen.
# Seen: partners, not food, are seen farther near row 0 and column 0: four rows and four columns away from the corner (0, 0), three
# from (1, 1), and never more than two at the other border. The partner does not see back. In random play a sixth of the sights of a
# partner are beyond the sight. A task that is taken for equally hard everywhere has a corner to look out from, and a feature
# "partner in sight" that goes by the distance is not what the agent sees.
# Source: the package: partners are placed in a window that `_transform_to_neighborhood` does not cut at the border as it cuts the
# field, and are taken while their place there is at most 4. Run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet lbforaging==2.0.0 gymnasium==1.3.0 numpy==2.4.6 pyglet==1.5.31
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import gymnasium
import lbforaging  # noqa: F401  (registers)

SIGHT, FOODS = 2, 2
environment = gymnasium.make("Foraging-2s-8x8-2p-2f-v3").unwrapped


def observed(first, second, food=None):
    """What both agents observe where they and the one food are put."""
    environment.reset(seed=1)
    environment.field[:] = 0
    if food is not None:
        environment.field[food] = 1
    environment.players[0].position, environment.players[1].position = first, second
    environment._gen_valid_moves()
    return environment._make_gym_obs()


def sees_partner(vector):
    """Whether the partner is in a vector: its level, the last number, is 0 where it is not."""
    return bool(vector[-1] > 0)


def farthest(place, step):
    """Largest distance along both axes at which an agent there sees a partner in that direction."""
    steps = [number for number in range(1, 8) if all(0 <= axis + step * number < 8 for axis in place)]
    partners = {number: tuple(axis + step * number for axis in place) for number in steps}
    return max(number for number, partner in partners.items() if sees_partner(observed(place, partner)[0]))


print(f"lbforaging {version('lbforaging')}, gymnasium {version('gymnasium')}")
found = {place: farthest(place, step) for place, step in (((0, 0), 1), ((1, 1), 1), ((2, 2), 1), ((7, 7), -1))}
for place, distance in found.items():
    print(f"from {place} a partner is seen {distance} rows and columns away; expected: {SIGHT}")
assert found == {(0, 0): 4, (1, 1): 3, (2, 2): 2, (7, 7): 2}, "partners are seen from elsewhere now"

here, there = observed((0, 0), (4, 4), food=(3, 3))
print(f"(0, 0) sees the partner at (4, 4): {sees_partner(here)}; the partner sees back: {sees_partner(there)}")
print(f"(0, 0) sees food at (3, 3): {bool((here[2 : 3 * FOODS : 3] > 0).any())}")
assert sees_partner(here) and not sees_partner(there), "who sees is seen now"
assert not (here[2 : 3 * FOODS : 3] > 0).any(), "food beyond sight is seen now"

seen = beyond = 0
for seed in range(100):
    observations, _ = environment.reset(seed=seed)
    environment.action_space.seed(seed)
    over = False
    while not over:
        first, second = (player.position for player in environment.players)
        apart = max(abs(one - other) for one, other in zip(first, second))
        seen += sees_partner(observations[0])
        beyond += sees_partner(observations[0]) and apart > SIGHT
        observations, _, over, *_ = environment.step(environment.action_space.sample())
print(f"random play, 100 episodes: of {seen} sights of the partner {beyond} are beyond {SIGHT} cells; expected: 0")
assert beyond > 0
PYTHON
