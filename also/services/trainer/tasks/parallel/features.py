"""Features that nobody has described, from trials: numbers of the observation, or what `features()` returned.

Whatever was found that its author should know is a note: how much was measured, which declared bounds were not
taken and why, and how many numbers of a long observation became features.
"""

from collections.abc import Sequence

import numpy as np

from also.services.trainer.tasks.parallel.choice import choose
from also.services.trainer.tasks.parallel.environment import OBSERVATION_FEATURE, ParallelEnvironment
from also.services.trainer.tasks.parallel.ranges import TOO_WIDE, Range, declared_or_measured, leaves, measured
from also.services.trainer.tasks.parallel.spaces import Floats
from also.services.trainer.tasks.parallel.trials import SECONDS, Trials
from also.v1 import task_pb2
from also.v1.task_pb2 import Feature

OBSERVATION_FEATURES = 32
"""Most numbers of the observation that become features."""

SCOPES = {0: task_pb2.FEATURE_SCOPE_TEAM, 1: task_pb2.FEATURE_SCOPE_AGENT, 2: task_pb2.FEATURE_SCOPE_PAIR}
"""Scope of a feature by the dimensions of its value."""

_NAMED = 2
"""Features that a note names as examples at most."""


def measured_feature(name: str, trials: Trials) -> Feature:
    """A feature that `features()` returned and nobody has described, with a measured range."""
    record = trials.features[name]
    ends = measured(record.kept().values, record.ends(0))
    return Feature(name=name, scope=SCOPES[trials.scopes[name]], minimum=ends.low, maximum=ends.high)


def observation_features(environment: ParallelEnvironment, trials: Trials) -> tuple[list[Feature], list[str]]:
    """The chosen numbers of the observation as features, and notes."""
    record = trials.observations
    kept = record.kept()
    lows, highs = _declared(environment)
    ranges: dict[int, Range] = {}
    for part in choose(kept, OBSERVATION_FEATURES):
        values = kept.values[:, :, np.searchsorted(kept.columns, part)]
        ranges[part] = declared_or_measured(values, record.ends(part), (float(lows[part]), float(highs[part])))
    features = [
        Feature(
            name=f"{OBSERVATION_FEATURE}{part}",
            scope=task_pb2.FEATURE_SCOPE_AGENT,
            minimum=each.low,
            maximum=each.high,
            tells_of=task_pb2.TELLS_OF_STATE,
        )
        for part, each in ranges.items()
    ]
    return features, _notes(trials, ranges, lows, highs)


def measured_note(count: int, trials: Trials) -> str:
    """How the ranges of so many features were measured."""
    short = f" (its {SECONDS:g} s were over)" if trials.cut_short else ""
    return (
        f"ranges of {count} feature(s) are measured ones, in {trials.env_steps} env_steps of random actions{short}; "
        "task_card() may say better ones"
    )


def _declared(environment: ParallelEnvironment) -> tuple[Floats, Floats]:
    """Lowest and highest bound of all agents' spaces for each number, (O,)."""
    size = environment.observation_size
    lows, highs = np.full(size, np.inf, np.float32), np.full(size, -np.inf, np.float32)
    for space in environment.spaces:
        low, high = space.bounds()
        np.minimum(lows[: len(low)], low, out=lows[: len(low)])
        np.maximum(highs[: len(high)], high, out=highs[: len(high)])
    return lows, highs


def _notes(trials: Trials, ranges: dict[int, Range], lows: Floats, highs: Floats) -> list[str]:
    record, size = trials.observations, len(lows)
    notes = []
    varying = int((record.highs > record.lows).sum())
    if not varying:
        notes.append("no number of the observation varied: what a policy sees tells it nothing, so there is no feature")
    elif size > OBSERVATION_FEATURES:
        notes.append(
            f"{len(ranges)} of {size} numbers of the observation are features, chosen from {varying} that vary, by how "
            "they vary and tell paid env_steps from unpaid ones; features() may give better ones"
        )
    found = [part for part, each in ranges.items() if each.measured]
    if found:
        notes.append(measured_note(len(found), trials))
    outside = np.flatnonzero(leaves(record.lows, record.highs, lows, highs))
    if len(outside):
        notes.append(
            f"what is seen leaves the bounds that the space declares for {len(outside)} number(s) of the observation; "
            f"measured ranges are taken: {_examples(outside.tolist(), trials, lows, highs)}"
        )
    wide = [part for part, each in ranges.items() if each.too_wide]
    if wide:
        notes.append(
            f"the space declares more than {TOO_WIDE:g} times the width of what is seen for {len(wide)} feature(s); "
            f"measured ranges are taken: {_examples(wide, trials, lows, highs)}"
        )
    return notes


def _examples(parts: Sequence[int], trials: Trials, lows: Floats, highs: Floats) -> str:
    told = []
    for part in parts[:_NAMED]:
        low, high = trials.observations.ends(part)
        told.append(f"{OBSERVATION_FEATURE}{part} declares [{lows[part]:g}, {highs[part]:g}], seen [{low:g}, {high:g}]")
    more = f" and {len(parts) - _NAMED} more" if len(parts) > _NAMED else ""
    return "; ".join(told) + more
