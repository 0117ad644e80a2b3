#!/usr/bin/env bash
# overcooked-ai 1.1.0, random starts (`get_random_start_state_fn`, given to an environment as its `start_state_fn`).
#
# A good guess: a random start is a moment that the kitchen could come to. The two cooks of forced_coordination, whose rooms have
# no door, begin one in each room, so that random starts pay about as much as the usual one; and what stands in pots and hands is
# what the kitchen cooks.
# Seen: cooks are put anywhere. In forced_coordination 12 of the 30 pairs of places have both in one room: on the left without pot
# and counter to serve at, on the right without onions. From there nobody can ever serve a soup, whatever they do for 400 steps:
# no team earns anything in more than 60 % of its episodes, and a curve that levels off there looks like a half-learned task. In
# marshmallow_experiment_coordination it is nearly half. And with `rnd_obj_prob_thresh` a kitchen without tomatoes begins with
# tomato soups, and with soups of one or two onions that cook already: two thirds of the soups in hands earn nothing.
# The other 40 layouts for two cooks have a way from all places, so that a test with one of them finds nothing.
# Docs say nothing of either; comments in the code say that amounts of onions and tomatoes are random. No issue found tells.
# Source: the package (`get_valid_joint_player_positions` asks for free and different cells only), run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet overcooked-ai==1.1.0 numpy==1.26.4 scipy==1.17.1 gym==0.26.2 pygame==2.6.1
"$folder/venv/bin/python" -W ignore - 2> "$folder/errors" <<'PYTHON' || { cat "$folder/errors" >&2; exit 1; }
from importlib.metadata import version

import numpy as np
from overcooked_ai_py.mdp.overcooked_mdp import OvercookedGridworld

STARTS, SEED = 2000, 0
DISPENSERS = {"onion": "O", "tomato": "T"}


def beside(place):
    column, row = place
    return (column + 1, row), (column - 1, row), (column, row + 1), (column, row - 1)


def stations(mdp, place):
    """Kinds of cells (pot, dispensers, counter to serve at) that a cook from a place can ever stand beside."""
    floor, seen, ahead, found = set(mdp.get_valid_player_positions()), {place}, [place], set()
    while ahead:
        for cell in beside(ahead.pop()):
            if cell not in floor:
                found.add(mdp.get_terrain_type_at_pos(cell))
            elif cell not in seen:
                seen.add(cell)
                ahead.append(cell)
    return found


def can_serve(mdp, places):
    """Whether cooks at these places come to all that a soup on order needs, if counters hand on whatever they like."""
    found = set().union(*(stations(mdp, place) for place in places))
    orders = [{DISPENSERS[each] for each in order["ingredients"]} for order in mdp.start_all_orders]
    return {"P", "D", "S"} <= found and any(order <= found for order in orders)


print(f"overcooked-ai {version('overcooked-ai')}; {STARTS} random starts of each kitchen")
shares = {}
for layout in ("cramped_room", "asymmetric_advantages", "forced_coordination", "marshmallow_experiment_coordination"):
    mdp = OvercookedGridworld.from_layout_name(layout)
    assert can_serve(mdp, mdp.start_player_positions), "the usual start is a bad one now"
    np.random.seed(SEED)
    start = mdp.get_random_start_state_fn(random_start_pos=True)
    shares[layout] = np.mean([not can_serve(mdp, start().player_positions) for _ in range(STARTS)])
    print(f"  {layout}: {shares[layout]:.0%} cannot serve a soup, expected: 0 %")
assert shares["cramped_room"] == shares["asymmetric_advantages"] == 0, "others have bad starts now"
assert abs(shares["forced_coordination"] - 12 / 30) < 0.04, "cooks start in rooms of their own now"
assert abs(shares["marshmallow_experiment_coordination"] - 246 / 506) < 0.04, "cooks start in rooms of their own now"

mdp = OvercookedGridworld.from_layout_name("cramped_room")
np.random.seed(SEED)
start = mdp.get_random_start_state_fn(rnd_obj_prob_thresh=0.5)
held, cooking, tomatoes, soups = [], [], 0, 0
for _ in range(STARTS):
    state = start()
    for thing in state.all_objects_list:
        if thing.name != "soup":
            continue
        soups += 1
        tomatoes += "tomato" in thing.ingredients
        if not thing.is_idle:
            worths = cooking if thing.position in mdp.get_pot_locations() else held
            worths.append(mdp.get_recipe_value(state, thing.recipe))
assert not mdp.get_tomato_dispenser_locations(), "there are tomatoes now"
print(f"random objects in cramped_room, which has no tomatoes: {tomatoes / soups:.0%} of {soups} soups have some, expected: 0 %")
for name, worths in (("in hands", held), ("that cook", cooking)):
    print(f"  soups {name}: {np.mean(np.array(worths) > 0):.0%} are worth something, expected: all")
assert 0.3 < tomatoes / soups < 0.5, "other soups are drawn now"
assert np.mean(np.array(held) > 0) < 0.45 and np.mean(np.array(cooking) > 0) < 0.45, "other soups are drawn now"
PYTHON
