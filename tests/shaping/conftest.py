"""A small card, configs on it, valid ones of every kind, and trajectories of its features."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from also import document
from also.services.trainer import determinism
from also.services.trainer.shaping_reward import ShapingReward
from also.shaping import rules
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2

SMALLEST_RETURN = 0.5

GAMMA = 0.9
"""The learner's discount."""


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Run as the services do: one thread, deterministic kernels."""
    determinism.prepare()


@pytest.fixture(scope="session")
def card() -> task_pb2.TaskCard:
    """Three agents, two of them carriers, and a feature of every scope."""
    return document.read(
        task_pb2.TaskCard,
        {
            "task": "test/small",
            "agents": ["ann", "bob", "cy"],
            "roles": [{"name": "carriers", "agents": [0, 2]}],
            "features": [
                {"name": "distance", "scope": "agent", "unit": "cells", "maximum": 10, "tells_of": "state"},
                {"name": "holds", "scope": "agent", "unit": "bool", "maximum": 1, "tells_of": "state"},
                {"name": "gap", "scope": "pair", "unit": "cells", "minimum": -2, "maximum": 8, "tells_of": "state"},
                {"name": "loaded", "scope": "team", "unit": "items", "maximum": 3, "tells_of": "state"},
                {"name": "pushed", "scope": "agent", "unit": "bool", "maximum": 1, "tells_of": "action"},
                {"name": "unsaid", "scope": "team", "maximum": 1},
            ],
            "smallest_return": SMALLEST_RETURN,
            "largest_return": 1.0,
        },
    )


@pytest.fixture(scope="session")
def config() -> Callable[..., pb.ShapingConfig]:
    """Builds a config of terms written as in a campaign file; names are made up where left out."""

    def build(*terms: dict[str, Any]) -> pb.ShapingConfig:
        named = [{"name": f"term_{index}", "target": "agent", **term} for index, term in enumerate(terms)]
        return document.read(pb.ShapingConfig, {"terms": named})

    return build


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """What T env_steps of (R, E) environments came to."""

    rewards: Tensor
    """float32 (T, R, E, A)."""
    episode: Tensor
    """int64 (T, E): which episode of its environment each env_step belongs to."""
    shaping: ShapingReward
    """As it is afterwards."""


@pytest.fixture(scope="session")
def observe(card: task_pb2.TaskCard) -> Callable[..., dict[str, Tensor]]:
    """Features of random states (R, E), the same for all replicas, on a grid that meets every threshold."""

    def build(seed: int, time: int, replicas: int = 1, environments: int = 3) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(seed * 10007 + time)
        agents, features = len(card.agents), {}
        for feature in card.features:
            shape = {
                task_pb2.FEATURE_SCOPE_TEAM: (environments,),
                task_pb2.FEATURE_SCOPE_AGENT: (environments, agents),
                task_pb2.FEATURE_SCOPE_PAIR: (environments, agents, agents),
            }[feature.scope]
            grid = torch.randint(0, 11, shape, generator=generator) / 10
            values = feature.minimum + grid * (feature.maximum - feature.minimum)
            features[feature.name] = values.round().expand(replicas, *shape)
        return features

    return build


@pytest.fixture(scope="session")
def play(card: task_pb2.TaskCard, observe: Callable[..., dict[str, Tensor]]) -> Callable[..., Trajectory]:
    """Plays random trajectories whose episodes end at random, by termination or truncation."""

    def run(
        configs: Sequence[pb.ShapingConfig],
        *,
        seed: int,
        steps: int,
        environments: int = 3,
        gamma: float = GAMMA,
        end_rate: float = 0.2,
        shaping: ShapingReward | None = None,
        start: int = 0,
    ) -> Trajectory:
        replicas = len(configs)
        if shaping is None:
            shaping = ShapingReward(configs, card, environments=environments, gamma=gamma)
            shaping.begin(observe(seed, 0, replicas, environments))
        rewards, episodes, episode = [], [], torch.zeros(environments, dtype=torch.int64)
        for time in range(start + 1, start + steps + 1):
            generator = torch.Generator().manual_seed(seed * 1009 + time)
            done = torch.rand(environments, generator=generator) < end_rate
            terminated = done & (torch.rand(environments, generator=generator) < 0.5)
            rewards.append(
                shaping.pay(
                    observe(seed, 2 * time, replicas, environments),
                    torch.zeros(replicas, environments),
                    terminated.expand(replicas, -1),
                    (done & ~terminated).expand(replicas, -1),
                )
            )
            episodes.append(episode.clone())
            episode += done
            shaping.restart(done.expand(replicas, -1), observe(seed, 2 * time + 1, replicas, environments))
        return Trajectory(rewards=torch.stack(rewards), episode=torch.stack(episodes), shaping=shaping)

    return run


@pytest.fixture(scope="session")
def valid_configs(card: task_pb2.TaskCard) -> Callable[..., st.SearchStrategy[pb.ShapingConfig]]:
    """Strategy of configs that the rules accept, of all forms or of those named."""

    def strategy(*forms: str, credit: bool = True) -> st.SearchStrategy[pb.ShapingConfig]:
        names = forms or ("potential", "event", "synchrony", "novelty", "penalty")
        return _configs(card, names, credit)

    return strategy


@st.composite
def _configs(draw: st.DrawFn, card: task_pb2.TaskCard, forms: Sequence[str], credit: bool) -> pb.ShapingConfig:
    terms = draw(st.lists(_terms(card, forms), min_size=1, max_size=4))
    if credit and draw(st.booleans()):
        mixer = {"form": "credit", "credit": {"alpha": draw(_numbers(0, 1))}} | draw(_agents_or_carriers)
        terms.insert(draw(st.integers(0, len(terms))), mixer)
    data = {"terms": [{"name": f"term_{index}", **term} for index, term in enumerate(terms)]}
    config = document.read(pb.ShapingConfig, data)
    rules.check_config(config, card, GAMMA)
    return config


def _numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.integers(math.ceil(low * 1000), math.floor(high * 1000)).map(lambda thousandths: thousandths / 1000)


_agents_or_carriers = st.sampled_from([{"target": "agent"}, {"target": "role", "role": "carriers"}])
_targets = _agents_or_carriers | st.just({"target": "team"})
_AGGREGATES = ("min", "mean", "max", "sum", "any", "all")
_SCALED = ("exp", "tanh", "threshold", "indicator")


@st.composite
def _terms(draw: st.DrawFn, card: task_pb2.TaskCard, forms: Sequence[str]) -> dict[str, Any]:
    form = draw(st.sampled_from(forms))
    term: dict[str, Any] = {"form": form, **draw(_targets)}
    per_agent = form in ("synchrony", "novelty") or term["target"] != "team"
    term |= draw(_readings(per_agent, ("distance", "holds") if form == "synchrony" else None))
    reach = 1.0
    if form != "novelty":
        term["transform"], reach = draw(_transforms())
    if draw(st.booleans()):
        comparison = draw(st.sampled_from(["at_least", "at_most"]))
        gate = draw(_readings(per_agent, None))
        boolean = gate.get("aggregate") in ("any", "all")
        level = draw(_numbers(0, 1)) if boolean else draw(st.sampled_from([0, 1]))
        term["gate"] = gate | {"comparison": comparison, "value": level}
    term["weight"] = draw(_numbers(0.001, 1)) * draw(st.sampled_from([-1, 1]))
    term["clip"] = draw(st.just(1.0) | _numbers(0.001, 1))
    if form != "potential":
        term["episode_cap"] = draw(_numbers(0.001, 0.12))
    if draw(st.booleans()):
        begin = draw(st.integers(0, 20))
        term["schedule"] = {
            "kind": draw(st.sampled_from(["linear", "exponential"])),
            "begin": begin,
            "end": begin + draw(st.integers(1, 60)),
            "floor": draw(_numbers(0, 0.999)),
        }
    threshold = st.floats(0.05, 1).map(lambda share: round(share * reach, 4) or reach)
    match form:
        case "event":
            term["event"] = {"threshold": min(draw(threshold), reach), "cooldown": draw(st.integers(0, 4))}
        case "synchrony":
            term["synchrony"] = {
                "threshold": min(draw(threshold), reach),
                "window": draw(st.integers(1, 4)),
                "min_agents": draw(st.integers(2, 2 if term["target"] == "role" else 3)),
            }
        case "novelty":
            team = draw(st.sampled_from([{}, {"team": "min"}, {"team": "mean"}]))
            is_team = term["target"] == "team" and term["feature"] != "loaded"
            term["novelty"] = {"bins": draw(st.integers(2, 256)), **(team if is_team else {})}
    return term


@st.composite
def _readings(draw: st.DrawFn, per_agent: bool, features: Sequence[str] | None) -> dict[str, Any]:
    feature = draw(st.sampled_from(features or ("distance", "holds", "gap", "loaded")))
    if feature == "loaded" or (per_agent and feature != "gap"):
        return {"feature": feature}
    if per_agent and draw(st.booleans()):
        return {"feature": feature}
    return {"feature": feature, "aggregate": draw(st.sampled_from(_AGGREGATES))}


@st.composite
def _transforms(draw: st.DrawFn) -> tuple[dict[str, Any], float]:
    """A transform, and the largest value that it reaches."""
    kind = draw(st.sampled_from(["identity", *_SCALED]))
    if kind == "identity":
        return {"kind": kind}, 1.0
    scale = draw(_numbers(0.01, 0.95))
    reach = {"tanh": math.tanh(1 / scale), "threshold": 1 - scale}.get(kind, 1.0)
    return {"kind": kind, "scale": scale}, reach
