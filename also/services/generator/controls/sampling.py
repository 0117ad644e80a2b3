"""Backend `random`: valid configs drawn from the whole schema, blind to the diagnosis.

It is a control. What a critic and a generator are worth shows against configs that know nothing but
the task card and pass through the same validator.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import TypeVar, cast

from also import returns, seeds
from also.services.generator.proposal import Proposal, candidates_wanted
from also.services.generator.terms import purse, schedule_end, tidy
from also.shaping.aggregates import allowed_aggregates
from also.shaping.rules import tells_of_state
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2
from also.v1.generator_pb2 import ProposeRequest
from also.v1.task_pb2 import TaskCard

DRAWS_PER_CANDIDATE = 200
"""Configs drawn for each candidate at most; invalid and repeated ones are among them."""

MOST_DRAWN = 3
"""Terms of a drawn config at most, without a credit term."""

CREDIT = 0.15
"""Chance that a config has a credit term."""

GATED = 0.2
"""Chance that a term has a gate."""

FADING = 0.3
"""Chance that a term fades."""

T = TypeVar("T")

_FORMS = (
    pb.SHAPING_FORM_POTENTIAL,  # the first: it reads features of the state only
    pb.SHAPING_FORM_EVENT,
    pb.SHAPING_FORM_SYNCHRONY,
    pb.SHAPING_FORM_NOVELTY,
    pb.SHAPING_FORM_PENALTY,
)
_TARGETS = (pb.TARGET_KIND_AGENT, pb.TARGET_KIND_ROLE, pb.TARGET_KIND_TEAM)
_TRANSFORMS = (
    pb.TRANSFORM_KIND_IDENTITY,
    pb.TRANSFORM_KIND_EXP,
    pb.TRANSFORM_KIND_TANH,
    pb.TRANSFORM_KIND_THRESHOLD,
    pb.TRANSFORM_KIND_INDICATOR,
)


def stream(request: ProposeRequest) -> Random:
    """Random numbers of a request's stage and round; equal requests have equal ones."""
    return Random(seeds.derive(request.seed, "generator", request.stage, request.round))


def proposals(request: ProposeRequest) -> Iterator[Proposal]:
    """Configs drawn at random; the caller leaves out invalid and repeated ones."""
    numbers = stream(request)
    for _ in range(DRAWS_PER_CANDIDATE * candidates_wanted(request)):
        yield Proposal(config=draw_config(numbers, request))


def draw_config(numbers: Random, request: ProposeRequest) -> pb.ShapingConfig:
    """A config of 1 to 3 terms and at times a credit term; it may break a rule of the schema."""
    count = numbers.randint(1, MOST_DRAWN)
    config = pb.ShapingConfig(terms=[draw_term(numbers, request, f"random_{index}") for index in range(count)])
    if numbers.random() < CREDIT and not request.one_reward:
        mix = config.terms.add(name="random_mix", form=pb.SHAPING_FORM_CREDIT, target=pb.TARGET_KIND_AGENT)
        mix.credit.alpha = tidy(numbers.random())
        mix.reason = "Drawn at random."
    return config


def draw_term(numbers: Random, request: ProposeRequest, name: str) -> pb.ShapingTerm:
    """A term with a reward of its own; it may break a rule of the schema, e.g. with a threshold out of reach."""
    card = request.card
    feature, target = _pick(numbers, card.features), _pick(numbers, _TARGETS)
    form = _pick(numbers, _FORMS if tells_of_state(feature) else _FORMS[1:])
    term = pb.ShapingTerm(
        name=name,
        form=form,
        target=target,
        role=_draw_role(numbers, card) if target == pb.TARGET_KIND_ROLE else "",
        feature=feature.name,
        reason="Drawn at random.",
    )
    if form != pb.SHAPING_FORM_SYNCHRONY:
        term.aggregate = _draw_aggregate(numbers, form, target, feature.scope)
    if form != pb.SHAPING_FORM_NOVELTY:
        _draw_transform(numbers, term.transform)
    _draw_amount(numbers, term, request)
    _draw_rule(numbers, term, card)
    if numbers.random() < GATED:
        _draw_gate(numbers, term, card)
    if numbers.random() < FADING:
        term.schedule.kind = _pick(numbers, (pb.SCHEDULE_KIND_LINEAR, pb.SCHEDULE_KIND_EXPONENTIAL))
        term.schedule.end = schedule_end(round(numbers.uniform(0.25, 2) * request.stage_env_steps))
        term.schedule.floor = tidy(numbers.uniform(0, 0.5))
    return term


def _draw_amount(numbers: Random, term: pb.ShapingTerm, request: ProposeRequest) -> None:
    """A potential's weight is up to the returns' range, either sign; another form's is up to its cap."""
    if term.form == pb.SHAPING_FORM_POTENTIAL:
        size = min(1.0, 20 ** numbers.uniform(-1, 0) * returns.span(request.card))
    else:
        term.episode_cap = purse(request.card, request.gamma)
        size = 20 ** numbers.uniform(-1, 0) * term.episode_cap
    term.weight = tidy(size * numbers.choice((-1, 1)))


def _draw_rule(numbers: Random, term: pb.ShapingTerm, card: TaskCard) -> None:
    match term.form:
        case pb.SHAPING_FORM_EVENT:
            term.event.threshold = tidy(numbers.uniform(0.05, 1))
            term.event.cooldown = numbers.choice((0, 1, 5, 20))
        case pb.SHAPING_FORM_SYNCHRONY:
            term.synchrony.min_agents = numbers.randint(2, max(2, len(card.agents)))
            term.synchrony.window = numbers.choice((1, 2, 5))
            term.synchrony.threshold = tidy(numbers.uniform(0.05, 1))
        case pb.SHAPING_FORM_NOVELTY:
            term.novelty.bins = numbers.choice((4, 16, 64))


def _draw_gate(numbers: Random, term: pb.ShapingTerm, card: TaskCard) -> None:
    of_state = term.form == pb.SHAPING_FORM_POTENTIAL
    feature = _pick(numbers, [each for each in card.features if tells_of_state(each) or not of_state])
    term.gate.feature = feature.name
    term.gate.aggregate = _draw_aggregate(numbers, term.form, term.target, feature.scope)
    term.gate.comparison = _pick(numbers, (pb.COMPARISON_AT_LEAST, pb.COMPARISON_AT_MOST))
    term.gate.value = tidy(numbers.uniform(feature.minimum, feature.maximum))


def _draw_transform(numbers: Random, transform: pb.Transform) -> None:
    transform.kind = _pick(numbers, _TRANSFORMS)
    if transform.kind != pb.TRANSFORM_KIND_IDENTITY:
        transform.scale = tidy(numbers.uniform(0.05, 1))


def _draw_aggregate(numbers: Random, form: int, target: int, scope: int) -> task_pb2.Aggregate:
    return cast(task_pb2.Aggregate, _pick(numbers, allowed_aggregates(form, target, scope)))


def _draw_role(numbers: Random, card: TaskCard) -> str:
    return _pick(numbers, [*(role.name for role in card.roles), *card.agents])


def _pick(numbers: Random, choices: Sequence[T]) -> T:
    return choices[numbers.randrange(len(choices))]
