"""The batched reward against the definitions in `shaping.proto`, written out one agent at a time."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from also.shaping import rules
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2

GAMMA = 0.9
EXPONENTIAL_FLOOR = 0.001


def aggregate(values, kind):
    """Several values as one."""
    match kind:
        case task_pb2.AGGREGATE_MIN:
            return min(values)
        case task_pb2.AGGREGATE_MAX:
            return max(values)
        case task_pb2.AGGREGATE_SUM:
            return sum(values)
        case task_pb2.AGGREGATE_ANY:
            return float(any(value > 0.5 for value in values))
        case task_pb2.AGGREGATE_ALL:
            return float(all(value > 0.5 for value in values))
        case _:
            return np.float32(sum(values)) / np.float32(len(values))


def read(term, card, features, name, kind, agent):
    """What a term reads of a feature for an agent, and the range that it is normalised by."""
    feature = rules.feature_of(card, name)
    low, high, values = feature.minimum, feature.maximum, features[name]
    agents = range(len(card.agents))
    if feature.scope == task_pb2.FEATURE_SCOPE_TEAM:
        return float(values), low, high
    team = term.target == pb.TARGET_KIND_TEAM
    team = team and term.form not in (pb.SHAPING_FORM_SYNCHRONY, pb.SHAPING_FORM_NOVELTY)
    if feature.scope == task_pb2.FEATURE_SCOPE_AGENT:
        if not team:
            return float(values[agent]), low, high
        several = [float(values[each]) for each in agents]
    else:
        of = agents if team else [agent]
        several = [float(values[first, second]) for first in of for second in agents if first != second]
    if kind == task_pb2.AGGREGATE_SUM:
        low, high = low * len(several), high * len(several)
    if kind in (task_pb2.AGGREGATE_ANY, task_pb2.AGGREGATE_ALL):
        low, high = 0.0, 1.0
    return aggregate(several, kind), low, high


def value_of(term, card, features, agent):
    """The transformed feature, and whether the gate is open."""
    x, low, high = read(term, card, features, term.feature, term.aggregate, agent)
    u = np.clip(np.float32(x - low) / np.float32(high - low), np.float32(0), np.float32(1))
    scale = np.float32(term.transform.scale)
    match term.transform.kind:
        case pb.TRANSFORM_KIND_EXP:
            u = np.exp(-u / scale)
        case pb.TRANSFORM_KIND_TANH:
            u = np.tanh(u / scale)
        case pb.TRANSFORM_KIND_THRESHOLD:
            u = max(u - scale, np.float32(0))
        case pb.TRANSFORM_KIND_INDICATOR:
            u = np.float32(u >= scale)
    if term.HasField("gate"):
        gate, _, _ = read(term, card, features, term.gate.feature, term.gate.aggregate, agent)
        level = term.gate.value
        is_open = gate >= level if term.gate.comparison == pb.COMPARISON_AT_LEAST else gate <= level
        if not is_open:
            return np.float32(0), False
    return u, True


def factor(schedule, env_steps):
    """Factor of a schedule."""
    if schedule.kind == pb.SCHEDULE_KIND_UNSPECIFIED:
        return 1.0
    progress = min(max((env_steps - schedule.begin) / (schedule.end - schedule.begin), 0), 1)
    if schedule.kind == pb.SCHEDULE_KIND_LINEAR:
        return 1 + (schedule.floor - 1) * progress
    return max(schedule.floor, EXPONENTIAL_FLOOR) ** progress


def members(term, card):
    """Agents that a term is about."""
    return rules.role_agents(card, term.role) if term.role else tuple(range(len(card.agents)))


def pay_term(term, card, states, environments):
    """Rewards {(time, environment, agent)} of one term over one episode of each environment."""
    agents = range(len(card.agents))
    paid, visits = Counter(), Counter()
    left = {(e, a): term.episode_cap for e in range(environments) for a in agents}
    cooling = Counter()
    held = {}
    for time, (before, after) in enumerate(pairwise(states)):
        now, then = factor(term.schedule, time * environments), factor(term.schedule, (time + 1) * environments)
        old = {(e, a): value_of(term, card, before[e], a) for e in range(environments) for a in agents}
        new = {(e, a): value_of(term, card, after[e], a) for e in range(environments) for a in agents}
        for e, a in new if term.form == pb.SHAPING_FORM_NOVELTY else ():
            visits[a, visited(term, new[e, a][0])] += new[e, a][1]
        for e in range(environments):
            for a in agents:
                if old[e, a][0] >= term.synchrony.threshold and time == 0:
                    held[e, a] = -1
                if new[e, a][0] >= term.synchrony.threshold:
                    held[e, a] = time
            recent = [a for a in members(term, card) if held.get((e, a), -99) > time - term.synchrony.window]
            novelty = [
                1 / np.sqrt(visits[a, visited(term, new[e, a][0])]) if new[e, a][1] else 0.0
                for a in agents
                if term.form == pb.SHAPING_FORM_NOVELTY
            ]
            for a in members(term, card):
                match term.form:
                    case pb.SHAPING_FORM_POTENTIAL:
                        clip = term.clip
                        first, second = (term.weight * f * v for f, v in ((now, old[e, a][0]), (then, new[e, a][0])))
                        paid[time, e, a] = GAMMA * np.clip(second, -clip, clip) - np.clip(first, -clip, clip)
                        continue
                    case pb.SHAPING_FORM_EVENT:
                        level = np.float32(term.event.threshold)
                        fires = old[e, a][0] < level <= new[e, a][0] and cooling[e, a] == 0
                        cooling[e, a] = term.event.cooldown if fires else max(cooling[e, a] - 1, 0)
                        share = float(fires)
                    case pb.SHAPING_FORM_SYNCHRONY:
                        among = a in recent or term.target == pb.TARGET_KIND_TEAM
                        share = float(among and len(recent) >= term.synchrony.min_agents)
                    case pb.SHAPING_FORM_NOVELTY:
                        team = min(novelty) if term.novelty.team == task_pb2.AGGREGATE_MIN else np.mean(novelty)
                        share = team if term.target == pb.TARGET_KIND_TEAM else novelty[a]
                    case _:
                        share = -new[e, a][0]
                weight = abs(term.weight) if term.form == pb.SHAPING_FORM_PENALTY else term.weight
                reward = np.clip(weight * now * share, -term.clip, term.clip)
                reward = np.sign(reward) * min(abs(reward), left[e, a])
                left[e, a] -= abs(reward)
                paid[time, e, a] = reward
    return paid


def visited(term, u):
    """Bin of a normalised value."""
    return min(int(np.float32(u) * np.float32(term.novelty.bins)), term.novelty.bins - 1)


@pytest.mark.slow
@settings(max_examples=60)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_every_form_pays_what_its_definition_says(data, seed, card, valid_configs, play, observe):
    """For any valid config and trajectory, the batched reward is the sum of its terms' definitions, mixed."""
    config = data.draw(valid_configs())
    steps, environments = 12, 2
    rewards = play([config], seed=seed, steps=steps, environments=environments, gamma=GAMMA, end_rate=0).rewards
    states = [
        [
            {name: values[0, environment] for name, values in observe(seed, 2 * time, 1, environments).items()}
            for environment in range(environments)
        ]
        for time in range(steps + 1)
    ]
    expected = torch.zeros(steps, environments, len(card.agents), dtype=torch.float64)
    for term in rules.complete(config).terms:
        if term.form != pb.SHAPING_FORM_CREDIT:
            for (time, environment, agent), reward in pay_term(term, card, states, environments).items():
                expected[time, environment, agent] += float(reward)
    for term in rules.complete(config).terms:
        if term.form == pb.SHAPING_FORM_CREDIT:
            mixed = list(members(term, card))
            own = expected[..., mixed]
            expected[..., mixed] = term.credit.alpha * own + (1 - term.credit.alpha) * own.mean(-1, keepdim=True)
    torch.testing.assert_close(rewards[:, 0].double(), expected, atol=2e-6, rtol=1e-5)
