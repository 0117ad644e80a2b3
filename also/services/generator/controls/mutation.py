"""Backend `mutate`: small random changes of the incumbent, as population-based training makes them.

It is a control, too: Jaderberg 2017 (arXiv 1711.09846) explores by multiplying each hyperparameter
by 0.8 or 1.2. Here the upper factor is 1.25, so that a step up undoes a step down; and since a
config has structure, a mutation may also add a term drawn at random or drop one.
"""

from collections.abc import Iterator
from copy import deepcopy
from random import Random

from also.services.generator.configs import add, without
from also.services.generator.controls.sampling import DRAWS_PER_CANDIDATE, draw_term, stream
from also.services.generator.proposal import Proposal, candidates_wanted
from also.services.generator.terms import schedule_end, tidy
from also.v1 import shaping_pb2 as pb
from also.v1.generator_pb2 import ProposeRequest

FACTORS = (0.8, 1.25)
"""Factors of a perturbed number."""

ADD = 0.25
"""Chance that a mutation adds a term; 1 where the incumbent has none."""

DROP = 0.15
"""Chance that a mutation drops a term."""


def proposals(request: ProposeRequest) -> Iterator[Proposal]:
    """Mutations of the incumbent; the caller leaves out invalid and repeated ones."""
    numbers = stream(request)
    for number in range(DRAWS_PER_CANDIDATE * candidates_wanted(request)):
        yield Proposal(config=mutate(numbers, request, f"mutant_{number}"))


def mutate(numbers: Random, request: ProposeRequest, name: str) -> pb.ShapingConfig:
    """One mutation of the incumbent.

    Args:
        numbers: random numbers.
        request: with the incumbent and the card.
        name: name of a term that is added.
    """
    incumbent = request.incumbent
    chance = numbers.random()
    if not incumbent.terms or chance < ADD:
        return add(incumbent, [draw_term(numbers, request, name)])
    if chance < ADD + DROP:
        return without(incumbent, [numbers.choice(incumbent.terms).name])
    return _perturb(numbers, incumbent)


def _perturb(numbers: Random, incumbent: pb.ShapingConfig) -> pb.ShapingConfig:
    """Every number of every term, multiplied by 0.8 or 1.25 and kept in its range."""
    config = deepcopy(incumbent)
    for term in config.terms:
        if term.form == pb.SHAPING_FORM_CREDIT:
            term.credit.alpha = _step(numbers, term.credit.alpha)
            continue
        term.weight = max(-1.0, _step(numbers, term.weight))
        if term.transform.HasField("scale"):
            term.transform.scale = _step(numbers, term.transform.scale)
        if term.HasField("episode_cap"):
            term.episode_cap = _step(numbers, term.episode_cap)
        if term.schedule.end > 0:
            longer = round(term.schedule.end * numbers.choice(FACTORS))
            term.schedule.end = schedule_end(max(term.schedule.begin + 1, longer))
    return config


def _step(numbers: Random, value: float) -> float:
    return tidy(min(1.0, value * numbers.choice(FACTORS)))
