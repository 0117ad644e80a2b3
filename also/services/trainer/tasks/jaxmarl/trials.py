"""The card of an environment that nobody has described, from episodes of random play.

As with PettingZoo environments (`parallel.card`, whose choice of numbers, ranges and returns this uses): single numbers
become features, those that vary within episodes and tell paid env_steps from unpaid ones, in the ranges that were seen.
"""

import functools

import jax
import numpy as np
import torch

from also import seeds
from also.services.trainer.streams import mix, uniform
from also.services.trainer.tasks.jaxmarl.episode import Episode, Play
from also.services.trainer.tasks.jaxmarl.kinds import Kind, bounds
from also.services.trainer.tasks.jaxmarl.numbers import CandidateRules, number_names, numbers
from also.services.trainer.tasks.jaxmarl.program import Program, to_jax, to_torch
from also.services.trainer.tasks.parallel.choice import choose
from also.services.trainer.tasks.parallel.environment import OBSERVATION_FEATURE
from also.services.trainer.tasks.parallel.ranges import Range, declared_or_measured
from also.services.trainer.tasks.parallel.record import Record
from also.services.trainer.tasks.parallel.returns import Rewards, return_features, return_milestone, write_returns
from also.services.trainer.tasks.parallel.spaces import Floats
from also.services.trainer.tasks.parallel.trials import MEASURED_STEPS
from also.v1 import task_pb2
from also.v1.task_pb2 import Feature, TaskCard

LANES = 16
"""Environments that are played beside each other."""

MOST = {"observations": 24, "agent": 16, "team": 16}
"""Features at most of what agents see, of the state's numbers of agents, and of its numbers of the team."""


class Trials:
    """What was seen in random play."""

    def __init__(self, episode: Episode, program: Program) -> None:
        """Play until enough was seen."""
        self.rewards = Rewards()
        self.env_steps = 0
        self._kind, self._action_size, self._program = episode.rules.kind, episode.action_size, program
        seen = program.template["seen"]
        self.records = {
            "observations": Record(*seen["observations"].shape[1:]),
            "agent": Record(seen["agent"].shape[2], max(1, seen["agent"].shape[1])),
            "team": Record(1, max(1, seen["team"].shape[1])),
        }
        round_ = 0
        while self.env_steps < MEASURED_STEPS:
            self._play(round_)
            round_ += 1

    def _play(self, round_: int) -> None:
        """Play an episode in each lane, and take down what each showed."""
        program, keys = self._program, torch.arange(LANES) + round_ * LANES
        keys = mix(torch.full_like(keys, seeds.derive(0, "trial", "jaxmarl")), keys)
        halves = to_jax(keys.unsqueeze(-1).view(torch.int32).view(torch.uint32))
        play = program.restart(program.nothing(), to_jax(torch.ones(LANES, dtype=torch.bool)), halves)
        course, paid, alive = [_rows(play)], list[Floats](), np.ones(LANES, bool)
        lengths = np.zeros(LANES, int)
        while alive.any() and len(paid) < self._kind.limit:
            actions = self._random_actions(play, mix(keys, len(paid) + 1))
            play, reward, terminated, truncated = program.step(play, halves, to_jax(actions))
            course.append(_rows(play))
            paid.append(np.asarray(reward))
            lengths += alive
            alive &= ~(np.asarray(terminated) | np.asarray(truncated))
        for lane, length in enumerate(lengths.tolist()):
            self._take(lane, course[: length + 1], paid[:length], first=self.env_steps == 0)

    def _take(self, lane: int, course: list[dict[str, Floats]], paid: list[Floats], *, first: bool) -> None:
        rewards = [None, *(float(each[lane]) for each in paid)]
        for name, record in self.records.items():
            for again in range(2 if first else 1):  # of too many numbers, the first episode shows which vary
                record.begin_episode()
                for rows, reward in zip(course, rewards, strict=True):
                    record.see(rows[name][lane], reward)
                if first and not again:
                    record.keep_what_varies()
        for reward in rewards[1:]:
            self.rewards.add(reward or 0.0)
        self.rewards.returns.append(sum(reward or 0.0 for reward in rewards))
        self.env_steps += len(paid)

    def _random_actions(self, play: Play, keys: torch.Tensor) -> torch.Tensor:
        program, agents = self._program, len(self._kind.agents)
        if not program.discrete:
            low, high = bounds(self._kind.environment.action_space(self._kind.agents[0]))
            share = uniform(keys, agents * self._action_size).view(LANES, agents, -1)
            return torch.from_numpy(low.copy()).float() + share * torch.from_numpy(high - low).float()
        draws = uniform(keys, agents * self._action_size).view(LANES, agents, -1)
        if "masks" in play["seen"]:
            draws = draws.masked_fill(~to_torch(play["seen"]["masks"]), -1.0)
        return draws.argmax(-1).to(torch.int32)


def describe_plain(kind: Kind, title: str, text: str, device: object) -> TaskCard:
    """Card of an environment as JaxMARL pays it, but for what `jaxmarl.games` fills in."""
    episode = Episode(CandidateRules(kind, TaskCard()))
    trials = Trials(episode, Program(episode, environments=LANES, device=device))
    card = TaskCard(task=title, description=f"{text} JaxMARL's environment and reward, as they are.")
    features = [*_of_observations(kind, trials), *_of_leaves(kind, episode, trials)]
    card.notes.append(
        f"features are {len(features)} single numbers of the state and of what agents see, in ranges that were "
        f"measured in {trials.env_steps} env_steps of random actions"
    )
    write_returns(card, trials.rewards)
    card.features.extend([*features, *return_features(card, trials.rewards.returns)])
    card.milestones.append(return_milestone(card, trials.rewards.returns))
    return card


def _of_observations(kind: Kind, trials: Trials) -> list[Feature]:
    record, space = trials.records["observations"], kind.environment.observation_space(kind.agents[0])
    lows = highs = None
    if hasattr(space, "low"):
        lows, highs = bounds(space)
    kept, features = record.kept(), []
    for part in choose(kept, MOST["observations"]):
        values = kept.values[:, :, np.searchsorted(kept.columns, part)]
        declared = (-np.inf, np.inf)
        if lows is not None and highs is not None and part < len(lows):
            declared = (float(lows[part]), float(highs[part]))
        ends = declared_or_measured(values, record.ends(part), declared)
        features.append(_feature(f"{OBSERVATION_FEATURE}{part}", "agent", ends))
    return features


def _of_leaves(kind: Kind, episode: Episode, trials: Trials) -> list[Feature]:
    team, agents = jax.eval_shape(functools.partial(numbers, kind), episode.play["state"])
    features = []
    for scope, names in (("agent", number_names(agents)), ("team", number_names(team))):
        record = trials.records[scope]
        kept = record.kept()
        for part in choose(kept, MOST[scope]) if names else []:
            values = kept.values[:, :, np.searchsorted(kept.columns, part)]
            ends = declared_or_measured(values, record.ends(part), (-np.inf, np.inf))
            features.append(_feature(names[part], scope, ends))
    return features


def _feature(name: str, scope: str, ends: Range) -> Feature:
    return Feature(
        name=name,
        scope=task_pb2.FEATURE_SCOPE_AGENT if scope == "agent" else task_pb2.FEATURE_SCOPE_TEAM,
        minimum=ends.low,
        maximum=ends.high,
        tells_of=task_pb2.TELLS_OF_STATE,
    )


def _rows(play: Play) -> dict[str, Floats]:
    """What the records take of a play: rows of numbers by record, (E, W, C)."""
    seen = play["seen"]
    observations, agent, team = (np.asarray(seen[name], np.float32) for name in ("observations", "agent", "team"))
    return {
        "observations": observations,
        "agent": agent.swapaxes(1, 2) if agent.shape[1] else np.zeros((LANES, agent.shape[2], 1), np.float32),
        "team": team[:, None] if team.shape[1] else np.zeros((LANES, 1, 1), np.float32),
    }
