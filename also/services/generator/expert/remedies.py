"""What each remedy of a finding may look like as a shaping config.

A remedy's variants come in order of preference: the plainest first, then others that differ in kind,
so that a round tries different ideas before it tries different numbers. Most keep the incumbent and
add to it; replacing it comes later. Variants may repeat or be invalid on some card: the rules and
`proposal.collect` leave such out.
"""

from collections.abc import Iterable, Iterator
from itertools import product

from also.services.generator import configs
from also.services.generator.expert.problem import Problem
from also.services.generator.terms import SHARE, credit, event, gated, novelty, potential, schedule_end, synchrony
from also.v1 import diagnosis_pb2 as dp
from also.v1 import shaping_pb2 as pb

SHARES = (1.0, 0.25, 0.1)
"""Weights of a potential to try besides the usual one, as shares of the largest return."""

SCALES = (0.15, 0.5)
"""Scales of a potential to try besides the usual one, as shares of the feature's range."""


def variants(problem: Problem) -> Iterable[pb.ShapingConfig]:
    """Configs that answer a finding, in order of preference; none where it asks for no change."""
    match problem.finding.remedy:
        case dp.REMEDY_GUIDE:
            return guide(problem)
        case dp.REMEDY_SYNCHRONISE:
            return synchronise(problem)
        case dp.REMEDY_INDIVIDUALISE:
            return individualise(problem)
        case dp.REMEDY_EXPLORE:
            return explore(problem)
        case dp.REMEDY_DECAY:
            return decay(problem)
        case dp.REMEDY_REMOVE:
            return remove(problem)
        case dp.REMEDY_RESCALE:
            return rescale(problem)
        case _:
            return ()


def way_back(incumbent: pb.ShapingConfig) -> Iterator[pb.ShapingConfig]:
    """The incumbent at a quarter of its weights, taken away, without one of its terms each; none without terms."""
    every = [term.name for term in incumbent.terms]
    if every:
        yield configs.scaled(incumbent, every, 0.25)
        yield pb.ShapingConfig()
    if len(every) > 1:
        yield from (configs.without(incumbent, [name]) for name in every)


def guide(problem: Problem) -> Iterator[pb.ShapingConfig]:
    """Reward approach: to the milestone, to all that follow, after the one before, with a bonus on arrival.

    What no potential may follow is paid by a bonus.
    """
    approaches, ladder, bonus, deeds = problem.approaches(), problem.ladder(), _bonus(problem), problem.deeds()
    if not approaches:
        yield from explore(problem)
    for first in approaches[:1]:
        yield configs.add(problem.incumbent, [first])
        if deeds:
            yield configs.add(problem.incumbent, [first, *deeds])
        if problem.finding.mode == dp.FAILURE_MODE_PARTIAL_SUCCESS:
            yield from _farther(problem, first)
        yield configs.add(problem.incumbent, ladder)
        yield configs.add(problem.incumbent, [first, *problem.achievement()])
        yield configs.add(problem.incumbent, [first, *bonus])
        before = problem.before()
        if before is not None:
            yield configs.add(problem.incumbent, [gated(problem.card, first, before)])
    for other in approaches[1:]:
        yield configs.add(problem.incumbent, [other])
    if deeds:
        yield configs.add(problem.incumbent, deeds)
    yield configs.add(problem.incumbent, bonus)
    yield pb.ShapingConfig(terms=approaches[:1])
    yield pb.ShapingConfig(terms=ladder)
    yield from _other_numbers(problem)


def synchronise(problem: Problem) -> Iterator[pb.ShapingConfig]:
    """Reward acting together: draw the team in, pull the laggard, pay for holding the condition at once."""
    of_team = [term for term in problem.approaches() if term.target == pb.TARGET_KIND_TEAM] + problem.laggards()
    of_each = problem.own_approaches()
    together, bonus = _together(problem), _bonus(problem)
    for first in of_team[:1]:
        yield configs.add(problem.incumbent, [first])
        for own in of_each[:1]:
            both = configs.add(problem.incumbent, [first, own])
            yield configs.scaled(both, [first.name, own.name], 0.5)
            yield configs.scaled(configs.add(problem.incumbent, [own]), [own.name], 0.5)
            yield configs.add(problem.incumbent, [own])
    yield configs.add(problem.incumbent, problem.ladder())
    yield configs.add(problem.incumbent, [*of_team[:1], *together])
    for other in of_team[1:]:
        yield configs.add(problem.incumbent, [other])
    yield configs.add(problem.incumbent, [*of_team[:1], *bonus])
    yield configs.add(problem.incumbent, together)
    yield configs.add(problem.incumbent, bonus)
    yield from guide(problem)


def individualise(problem: Problem) -> Iterator[pb.ShapingConfig]:
    """Give the signal to the agent that lacks one: a potential of its own, own values instead of the team's."""
    agent = problem.finding.agent
    target = pb.TARGET_KIND_ROLE if agent else pb.TARGET_KIND_AGENT
    reason = f"Gives {agent or 'each agent'} a signal of its own."
    ways = sorted([*problem.ways(), *problem.earlier_ways()], key=lambda way: pb.TARGET_KIND_AGENT not in way.targets)

    def own(share: float) -> list[pb.ShapingTerm]:
        return [
            potential(problem.card, way.feature, way.toward, target=target, role=agent, share=share, reason=reason)
            for way in ways
        ]

    personal = configs.personal(problem.incumbent, problem.card)
    for term in own(SHARE)[:1]:
        yield configs.add(problem.incumbent, [term])
        yield personal
        yield configs.add(personal, [term])
        yield configs.add(problem.incumbent, [term, credit(0.8, reason="Leaves most of the signal with its earner.")])
    for feature in problem.rare()[:2]:
        yield configs.add(
            problem.incumbent, [novelty(feature, cap=problem.purse, target=target, role=agent, reason=reason)]
        )
    for share in (SHARE, *SHARES):
        for term in own(share):
            yield configs.add(problem.incumbent, [term])


def explore(problem: Problem) -> Iterator[pb.ShapingConfig]:
    """Reward rare values: of each agent, of the team, of several features at once."""
    features = problem.rare()
    reason = "Rewards what has rarely been seen."
    targets = (pb.TARGET_KIND_AGENT, pb.TARGET_KIND_TEAM)
    for feature, target in product(features[:1], targets):
        yield configs.add(problem.incumbent, [novelty(feature, cap=problem.purse, target=target, reason=reason)])
    yield configs.add(
        problem.incumbent, [novelty(feature, cap=problem.purse, reason=reason) for feature in features[:3]]
    )
    for feature, target in product(features[1:], targets):
        yield configs.add(problem.incumbent, [novelty(feature, cap=problem.purse, target=target, reason=reason)])


def decay(problem: Problem) -> Iterator[pb.ShapingConfig]:
    """Let a term, then all terms, fade within about a stage."""
    stage = problem.request.stage_env_steps
    schedules = (
        pb.Schedule(kind=pb.SCHEDULE_KIND_LINEAR, end=schedule_end(stage)),
        pb.Schedule(kind=pb.SCHEDULE_KIND_EXPONENTIAL, end=schedule_end(stage), floor=0.05),
        pb.Schedule(kind=pb.SCHEDULE_KIND_LINEAR, end=schedule_end(stage // 2)),
        pb.Schedule(kind=pb.SCHEDULE_KIND_LINEAR, end=schedule_end(2 * stage), floor=0.25),
    )
    for schedule, names in product(schedules, problem.terms_to_change()):
        yield configs.faded(problem.incumbent, names, schedule)


def remove(problem: Problem) -> Iterator[pb.ShapingConfig]:
    """Remove a term, put a plain potential on its feature instead, remove all."""
    named, every = problem.terms_to_change()
    left = configs.without(problem.incumbent, named)
    yield left
    for approach in problem.approaches():
        yield configs.add(left, [approach])
    yield configs.without(problem.incumbent, every)


def rescale(problem: Problem) -> Iterator[pb.ShapingConfig]:
    """Make a term, then all terms, weaker; stronger only where the policy does not jump."""
    jumps = problem.finding.mode == dp.FAILURE_MODE_INSTABILITY
    for factor, names in product((0.5, 0.25, 0.1) if jumps else (0.5, 2.0, 0.25, 4.0), problem.terms_to_change()):
        yield configs.scaled(problem.incumbent, names, factor)


def _farther(problem: Problem, approach: pb.ShapingTerm) -> Iterator[pb.ShapingConfig]:
    """The incumbent felt from twice as far, alone and with an approach: the rest of the task may lie farther away."""
    _, every = problem.terms_to_change()
    farther = configs.stretched(problem.incumbent, every, 2.0)
    yield farther
    yield configs.add(farther, [approach])


def _other_numbers(problem: Problem) -> Iterator[pb.ShapingConfig]:
    """The plain approach at other weights and scales."""
    for way in problem.ways()[:1]:
        reason = f"Rewards approach along {way.feature.name} at another strength or reach."
        plain = [(share, None) for share in SHARES]
        for share, scale in [*plain, *product((SHARE, *SHARES), SCALES)]:
            term = potential(
                problem.card, way.feature, way.toward, target=way.targets[0], share=share, scale=scale, reason=reason
            )
            yield configs.add(problem.incumbent, [term])


def _bonus(problem: Problem) -> list[pb.ShapingTerm]:
    """A bonus on reaching the finding's milestone; none when it names none."""
    milestone = problem.milestone
    if milestone is None:
        return []
    return [event(problem.card, milestone, cap=problem.purse, reason=f"Pays on reaching {milestone.name}.")]


def _together(problem: Problem) -> list[pb.ShapingTerm]:
    """A bonus for what each agent can hold alone, held by several at once; none when no milestone shows that."""
    alone = problem.held_alone()
    if alone is None:
        return []
    needed = problem.milestone.agents_needed if problem.milestone else 2
    reason = f"Pays when agents hold {alone.name} at the same time."
    return synchrony(problem.card, alone, cap=problem.purse, min_agents=needed, reason=reason)
