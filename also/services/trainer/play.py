"""Play: (R, E) environments played for T env_steps by the actors of R replicas.

Only the actor and the task run inside the loop. Features and shaping rewards are made of the whole course afterwards,
and so is what is learnt from, which each algorithm does in its way: see `ppo.rollout` and `value_based.episodes`.
States in which the time limit cut an episode are kept for that: the next episode has already replaced them in the task.

Letters as in `vector_task`; T env_steps, H memory width.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from also.algorithms import sees_state
from also.services.trainer.actor import Actor, Decision, Team
from also.services.trainer.normaliser import InputNormaliser
from also.services.trainer.parts import State, as_part, part_of
from also.services.trainer.presence import Presence
from also.services.trainer.shaping_reward import Begun, ShapingReward
from also.services.trainer.tasks.vector_task import Features, Outcome, VectorTask, View
from also.v1.campaign_pb2 import LearnerSettings

E = TypeVar("E", covariant=True)
"""What is learnt from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One env_step of all environments."""

    view: View
    """What was seen before it."""
    decision: Decision
    """What was done."""
    outcome: Outcome
    """What it brought."""
    moment: Any
    """The state that it reached, for features."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """T env_steps that were played."""

    turns: list[Turn]
    """All of them."""
    last: View
    """What is seen after them, and after new episodes have begun."""
    cut: dict[int, View]
    """What was seen of the states at which the time limit cut an episode somewhere, by their env_steps."""
    reward: Tensor
    """float32 (R, T, E): the task's."""
    terminated: Tensor
    """bool (R, T, E)."""
    done: Tensor
    """bool (R, T, E): terminated, or cut by the time limit."""
    presence: Presence | None
    """Who was there; None: everybody, all the time."""
    reached: Features
    """Features of the states reached, (R, T, E, ...)."""
    begun: Begun | None
    """Where new episodes have begun; None: nowhere."""
    shaped: Tensor
    """float32 (R, T, E, A): shaping rewards."""

    def stacked(self, part: Callable[[Turn], Tensor], axis: int = 1) -> Tensor:
        """A part of each env_step, with a new axis T."""
        return torch.stack([part(turn) for turn in self.turns], dim=axis)


class Player(Generic[E]):
    """Plays a task with actors, and keeps what runs on from one rollout to the next."""

    def __init__(
        self,
        task: VectorTask,
        shaping: ShapingReward,
        settings: LearnerSettings,
        *,
        replicas: int,
        device: torch.device,
    ) -> None:
        """Play `task` under `shaping`; call `begin`, or load a state, before the first rollout."""
        card = task.card
        self.task = task
        self.shaping = shaping
        self.settings = settings
        shape, enabled = (replicas, settings.environments), settings.normalise_observations
        self.observations = InputNormaliser(replicas, card.observation_size, enabled=enabled, device=device)
        self.states = InputNormaliser(replicas, card.state_size, enabled=enabled, device=device)
        width = settings.hidden if settings.recurrent else 0
        self.policy_memory = torch.zeros(*shape, len(card.agents), width, device=device)
        self.begins = torch.ones(shape, dtype=torch.bool, device=device)
        self.returns = torch.zeros(shape, device=device)
        self.finished_returns = torch.zeros(replicas, device=device)
        self.finished_episodes = torch.zeros(replicas, dtype=torch.int64, device=device)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Features that are recorded for each state: those that shaping reads."""
        return self.shaping.feature_names

    def begin(self, keys: Tensor) -> None:
        """Begin new episodes everywhere; `keys` int64 (R, E)."""
        self.task.reset(keys)
        self.begin_episodes()

    def begin_episodes(self) -> None:
        """Take note that the task has begun new episodes everywhere."""
        self.shaping.begin(self.task.features(self.shaping.feature_names))
        self.policy_memory = torch.zeros_like(self.policy_memory)
        self.begins = torch.ones_like(self.begins)
        self.returns = torch.zeros_like(self.returns)

    @torch.inference_mode()
    def collect(self, policy: Actor, keys: Tensor) -> E:
        """Play T env_steps, and make of them what is learnt from.

        Args:
            policy: actors of R replicas.
            keys: int64 (R,): stream of this rollout's actions.
        """
        task, names = self.task, self.feature_names
        draws = policy.draws(keys, (self.settings.rollout, self.settings.environments, len(task.card.agents)))
        team = Team(policy, self.observations, task, memory=self.policy_memory, draws=draws)
        turns: list[Turn] = []
        cut: dict[int, View] = {}
        firsts: dict[int, Any] = {}  # states after new episodes have begun somewhere
        whole = sees_state(self.settings)
        view, begins = task.view(whole=whole), self.begins
        for t in range(self.settings.rollout):
            decision = team.decide(view, begins)
            outcome = team.execute(decision.actions)
            turns.append(Turn(view=view, decision=decision, outcome=outcome, moment=task.moment(names)))
            begins = outcome.done
            self.returns = self.returns + outcome.reward
            if bool(begins.any()):
                if bool(outcome.truncated.any()):
                    cut[t] = task.view(whole=whole)
                self._finish(begins)
                firsts[t] = task.moment(names)
            view = task.view(whole=whole)
        course = self._course(turns, view, cut, firsts)
        made = self.made_of(policy, course)
        there = None if course.presence is None else course.presence.acted.flatten(1, 2)
        self.observations.update(course.stacked(lambda turn: turn.view.observations).flatten(1, 2), there)
        if whole:
            self.states.update(course.stacked(lambda turn: turn.view.state))
        self.policy_memory, self.begins = team.memory, begins
        return made

    def made_of(self, policy: Any, course: Course) -> E:
        """What is learnt from, while inputs are normalised as they were when the `policy` played the `course`."""
        raise NotImplementedError

    def trim(self) -> None:
        """Drop what a checkpoint leaves out, before one is made: the live run continues as a restored one does."""

    def take_finished(self) -> tuple[Tensor, Tensor]:
        """Sums of the returns of episodes that ended since the last call, and their number, both (R,)."""
        taken = self.finished_returns, self.finished_episodes
        self.finished_returns = torch.zeros_like(self.finished_returns)
        self.finished_episodes = torch.zeros_like(self.finished_episodes)
        return taken

    def state_dict(self) -> State:
        """Everything that runs on, except the task's and the shaping's own state; first axis R."""
        return {
            "policy_memory": self.policy_memory,
            "begins": self.begins,
            "returns": self.returns,
            "finished_returns": self.finished_returns,
            "finished_episodes": self.finished_episodes,
            **as_part("observations", self.observations.state_dict()),
            **as_part("states", self.states.state_dict()),
        }

    def load_state_dict(self, state: State) -> None:
        """Continue from what `state_dict` returned."""
        self.policy_memory, self.begins = state["policy_memory"], state["begins"]
        self.returns = state["returns"]
        self.finished_returns, self.finished_episodes = state["finished_returns"], state["finished_episodes"]
        self.take(state)

    def take(self, state: State) -> None:
        """Begin with another's statistics of observations and states."""
        self.observations.load_state_dict(part_of(state, "observations"))
        self.states.load_state_dict(part_of(state, "states"))

    def _finish(self, done: Tensor) -> None:
        """Begin new episodes where the old ones are `done`, bool (R, E)."""
        self.finished_returns += (self.returns * done).sum(dim=1)
        self.finished_episodes += done.sum(dim=1)
        self.returns = self.returns * ~done
        self.task.restart(done)

    def _course(self, turns: list[Turn], last: View, cut: dict[int, View], firsts: dict[int, Any]) -> Course:
        """All that the env_steps were, with features and shaping rewards; `firsts` are states with new episodes."""
        task, names = self.task, self.feature_names
        reward = torch.stack([turn.outcome.reward for turn in turns], dim=1)
        terminated = torch.stack([turn.outcome.terminated for turn in turns], dim=1)
        truncated = torch.stack([turn.outcome.truncated for turn in turns], dim=1)
        done = terminated | truncated
        present = {t: view.present for t, view in cut.items()}
        presence = Presence.of([turn.view.present for turn in turns], last.present, present, truncated)
        reached = task.features_at([turn.moment for turn in turns], names)
        begun = None
        if firsts:
            at, features = list(firsts), task.features_at(list(firsts.values()), names)
            begun = Begun(at=at, done=done[:, at], features=features)
        return Course(
            turns=turns,
            last=last,
            cut=cut,
            reward=reward,
            terminated=terminated,
            done=done,
            presence=presence,
            reached=reached,
            begun=begun,
            shaped=self.shaping.pay_rollout(reached, reward, terminated, begun, presence),
        )
