#!/usr/bin/env bash
# flatland-rl 4.3.0 (many trains on one railway), lines with a stop on the way (`line_length` of 3 or more); by PunctualityRewards
# all lines.
#
# A good guess: an episode's rewards tell of that episode. After `reset(random_seed=s)` a team that does the same on the same
# railway earns the same, whatever was played in the environment before, and the same as in a new one.
# Seen: rewards remember where trains were, when, and whether they stood there, and `reset` does not make them forget. A train
# that has once stopped at its stop passes it for nothing in later episodes on this railway, and if it never leaves its shed, it
# has served the stop all the same: with ECML2026Rewards, those of the 2026 challenge, it pays 50 less. By PunctualityRewards a
# team that does nothing is as punctual as the one before it, at 3 stops of 3, and a train that once came late is late when it is
# in time, because the first arrival counts for all episodes. So of two teams that are evaluated in one environment the second is
# paid for the first, and in training on one railway the price of a stop vanishes once it has been served. Places, states and
# observations are right. DefaultRewards and ECML2026Rewards of lines without a stop on the way, the default, are spared.
# Docs (the page on rewards) define all terms by one episode, and say nothing of the next. A remark in the source says that two
# environments must not share an object for rewards, as it holds the state of an episode. An issue that knows of it was not found.
# Source: the package (`BaseDefaultRewards` and `PunctualityRewards` fill `arrivals` and others, made in `__init__`; `reset`
# leaves `self.rewards` alone, and the wrappers for PettingZoo and RLlib call only that), run here. A new object at each reset is
# the cure.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==1.26.4 networkx==3.4.2 fastenum==1.1.2 msgpack==1.2.4 msgpack-numpy==0.4.8 \
    matplotlib==3.10.9 importlib_resources==7.1.0 attrs==26.1.0
"$folder/venv/bin/pip" install --quiet --no-deps flatland-rl==4.3.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

from flatland.core.env_observation_builder import DummyObservationBuilder
from flatland.env_generation.env_generator import env_generator
from flatland.envs.rail_env_action import RailEnvActions as Action
from flatland.envs.rail_env_shortest_paths import get_k_shortest_paths
from flatland.envs.rewards import DefaultRewards, ECML2026Rewards, PunctualityRewards
from flatland.envs.step_utils.states import TrainState

TRAINS, SEEDS, LATE = 3, (13, 30, 34), 90


def make(seed, rewards, stops=1):
    environment, _, _ = env_generator(
        n_agents=TRAINS, n_cities=4, line_length=2 + stops, speed_ratios={1.0: 1.0}, malfunction_interval=0,
        obs_builder_object=DummyObservationBuilder(), rewards=rewards(), seed=seed,
    )
    return environment


def route(environment, train):
    """The cells, each with a direction, of a shortest way along the stops of a train."""
    cells = [train.waypoints[0][0]]
    for places in train.waypoints[1:]:
        here = cells[-1]
        ways = (get_k_shortest_paths(None, here.position, here.direction, place.position, target_direction=place.direction,
                                     rail=environment.rail) for place in places)
        cells += next(way[0] for way in ways if way)[1:]
    return [(tuple(cell.position), int(cell.direction)) for cell in cells]


def onwards(environment, here, there):
    for action in (Action.MOVE_FORWARD, Action.MOVE_LEFT, Action.MOVE_RIGHT):
        moved = environment.rail.apply_action_independent(action, here)
        if moved is not None and (tuple(moved[0][0]), int(moved[0][1])) == there:
            return action
    raise AssertionError("a way leads nowhere now")


def play(environment, drive, stop=True, late=0):
    """An episode of trains that wait, pass their stops or stop there: each train's rewards, summed, and all places and states."""
    routes = [route(environment, train) for train in environment.agents]
    reached, served = [0] * TRAINS, [False] * TRAINS
    paid, places, done = [[] for _ in range(TRAINS)], [], False
    while not done:
        actions = {}
        for number, train in enumerate(environment.agents):
            if not drive or environment._elapsed_steps < late or train.state == TrainState.DONE:
                continue
            if train.current_configuration is None:
                actions[number] = Action.MOVE_FORWARD
                continue
            here = tuple(train.current_configuration[0]), int(train.current_configuration[1])
            reached[number] = routes[number].index(here, reached[number])
            stops = [(tuple(place.position), int(place.direction)) for either in train.waypoints[1:-1] for place in either]
            served[number] |= train.state == TrainState.STOPPED and here in stops
            if stop and here in stops and not served[number]:
                actions[number] = Action.STOP_MOVING
            else:
                actions[number] = onwards(environment, here, routes[number][reached[number] + 1])
        _, rewards, dones, _ = environment.step(actions)
        for number in range(TRAINS):
            paid[number].append(rewards[number])
        places.append([(train.current_configuration, train.state) for train in environment.agents])
        done = dones["__all__"]
    return [environment.rewards.cumulate(*each) for each in paid], places


WAIT, PASS, SERVE, LATE_SERVE = {"drive": False}, {"drive": True, "stop": False}, {"drive": True}, {"drive": True, "late": LATE}


def after(seed, rewards, before, now, stops=1, anew=False):
    """What an episode pays after another one in the same environment, maybe with a new object for the rewards."""
    environment = make(seed, rewards, stops)
    play(environment, **before)
    environment.reset(random_seed=seed)
    if anew:
        environment.rewards = rewards()
    return play(environment, **now)


def compare(title, rewards, before, now, stops=1):
    """Prints and returns what both kinds of episodes pay, having checked that they are the same episodes."""
    first, second = [], []
    for seed in SEEDS:
        alone, places = play(make(seed, rewards, stops), **now)
        following, following_places = after(seed, rewards, before, now, stops)
        assert places == following_places, "equal seeds play different episodes now"
        assert after(seed, rewards, before, now, stops, anew=True) == (alone, places), "a new object is no cure now"
        first.append(alone)
        second.append(following)
    print(f"{rewards.__name__}, {title}")
    print(f"    in new environments: {first}")
    print(f"    after an episode:    {second}, expected: the same")
    return first, second


print(f"flatland-rl {version('flatland-rl')}; rewards of {TRAINS} trains on the seeds {SEEDS}, who do the same in both lines")
for rewards, penalty in ((DefaultRewards, 1), (ECML2026Rewards, 50)):
    first, second = compare("all pass their stop; before, all stopped there", rewards, SERVE, PASS)
    assert first == [[-penalty] * TRAINS] * len(SEEDS), "passing a stop costs something else now"
    assert second == [[0] * TRAINS] * len(SEEDS), "passing a stop costs the same after any episode now"
    first, second = compare("no train departs; before, all stopped at their stop", rewards, SERVE, WAIT)
    less = [[reward + penalty for reward in team] for team in first]
    assert second == less, "waiting costs the same after any episode now"
first, second = compare("no train departs; before, all went in time", PunctualityRewards, SERVE, WAIT)
assert first == [[(0, 3)] * TRAINS] * len(SEEDS), "trains that wait are in time now"
assert second == [[(3, 3)] * TRAINS] * len(SEEDS), "trains that wait are late after any episode now"
first, second = compare("all go in time; before, they went late", PunctualityRewards, LATE_SERVE, SERVE)
assert first == [[(3, 3)] * TRAINS] * len(SEEDS), "trains that go in time are late now"
late = sum(reward[0] < 3 for team in second for reward in team)
assert late >= 5, "trains that were late once can be in time now"
for rewards in (DefaultRewards, ECML2026Rewards):
    first, second = compare("no train departs, on lines without a stop on the way", rewards, SERVE, WAIT, stops=0)
    assert first == second, "lines without a stop are not spared now"
PYTHON
