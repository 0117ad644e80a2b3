"""Shaping terms fitted to a task card: weights in shares of its returns, levels in shares of its ranges.

Potentials are preferred, because they cannot change which policies are optimal; their weights are
shares of the returns' range, and they follow features of the state only. All other forms are paid
from a small purse, a share of what the smallest return is worth to the learner from afar, so that
no amount of shaping is worth a success within its sight.
"""

from copy import deepcopy

from also import returns
from also.shaping.aggregates import aggregate_range, reads_team
from also.shaping.rules import feature_of
from also.shaping.sight import bonus_limit
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2
from also.v1.task_pb2 import Feature, Milestone, TaskCard

SHARE = 0.5
"""Weight of a potential as a share of the returns' range: a whole approach is worth about half a success, so that
what is lost when a goal is consumed stays below what it pays."""

SCALE = 0.3
"""Scale of exp(-u / scale) as a share of the feature's range: felt from afar, steepest near the goal."""

PURSE = 0.4
"""Episode cap of one term that is not a potential, as a share of what the caps of a config may sum to."""


def potential(
    card: TaskCard,
    feature: Feature,
    toward: task_pb2.Direction,
    *,
    target: pb.TargetKind = pb.TARGET_KIND_TEAM,
    role: str = "",
    share: float = SHARE,
    scale: float | None = None,
    aggregate: task_pb2.Aggregate = task_pb2.AGGREGATE_UNSPECIFIED,
    reason: str = "",
) -> pb.ShapingTerm:
    """A potential that grows towards one end of a feature's range.

    Towards its lower end it is exp(-u / scale), towards its upper end u, or tanh(u / scale) when a
    scale is given. For the team it follows the agent (or pair) that lags behind, unless told otherwise.

    Args:
        card: the task's card.
        feature: what it is a function of.
        toward: end of the range that it rises to.
        target: who receives it.
        role: role that receives it, for target `role`.
        share: weight as a share of the returns' range.
        scale: scale of the transform as a share of the range; None is the default of the direction.
        aggregate: how agents' values become the team's; unset is the laggard's.
        reason: why, one sentence.
    """
    lower = toward == task_pb2.DIRECTION_LOWER
    term = pb.ShapingTerm(
        form=pb.SHAPING_FORM_POTENTIAL,
        target=target,
        role=role,
        feature=feature.name,
        weight=tidy(min(1.0, share * returns.span(card))),
        reason=reason,
    )
    if lower:
        term.transform.kind, term.transform.scale = pb.TRANSFORM_KIND_EXP, scale or SCALE
    elif scale is not None:
        term.transform.kind, term.transform.scale = pb.TRANSFORM_KIND_TANH, scale
    laggard = task_pb2.AGGREGATE_MAX if lower else task_pb2.AGGREGATE_MIN
    if _needs_aggregate(term, feature):
        term.aggregate = aggregate or laggard
    prefix = "own" if role else "laggard" if term.aggregate == laggard else "approach"
    term.name = _name(prefix, feature.name)
    return term


def event(card: TaskCard, milestone: Milestone, *, cap: float, reason: str = "") -> pb.ShapingTerm:
    """A bonus for the team each time a milestone's feature rises to its threshold, paid once per episode in full.

    Args:
        card: the task's card.
        milestone: what is rewarded.
        cap: episode cap, see `purse`.
        reason: why, one sentence.
    """
    feature = feature_of(card, milestone.feature)
    name = _name("reach", milestone.name)
    term = _capped(pb.SHAPING_FORM_EVENT, name, feature, cap, pb.TARGET_KIND_TEAM, reason)
    if _needs_aggregate(term, feature):
        term.aggregate = milestone.aggregate or task_pb2.AGGREGATE_MAX
    term.event.threshold = _level(card, feature, term.aggregate, milestone.threshold)
    return term


def synchrony(
    card: TaskCard, milestone: Milestone, *, cap: float, min_agents: int, reason: str = ""
) -> list[pb.ShapingTerm]:
    """A bonus for agents that hold a milestone's condition in the same env_steps.

    Args:
        card: the task's card.
        milestone: condition of each agent; its feature is one of agents.
        cap: episode cap, see `purse`.
        min_agents: how many have to hold it; cut to [2, A].
        reason: why, one sentence.

    Returns:
        The term; nothing when the task has one agent.
    """
    feature = feature_of(card, milestone.feature)
    if len(card.agents) < 2:
        return []
    name = _name("together", feature.name)
    term = _capped(pb.SHAPING_FORM_SYNCHRONY, name, feature, cap, pb.TARGET_KIND_TEAM, reason)
    term.weight = tidy(cap / 4)
    term.synchrony.min_agents = min(max(2, min_agents), len(card.agents))
    term.synchrony.window = 2
    term.synchrony.threshold = _level(card, feature, task_pb2.AGGREGATE_UNSPECIFIED, milestone.threshold)
    return [term]


def novelty(
    feature: Feature, *, cap: float, target: pb.TargetKind = pb.TARGET_KIND_AGENT, role: str = "", reason: str = ""
) -> pb.ShapingTerm:
    """A bonus for rare values of a feature; for the team, what the least novel agent is worth.

    Args:
        feature: whose values are counted.
        cap: episode cap, see `purse`.
        target: who receives it.
        role: role that receives it, for target `role`.
        reason: why, one sentence.
    """
    name = _name("own_explore" if role else "explore", feature.name)
    term = _capped(pb.SHAPING_FORM_NOVELTY, name, feature, cap, target, reason, role)
    term.novelty.bins = 16
    if target == pb.TARGET_KIND_TEAM and feature.scope != task_pb2.FEATURE_SCOPE_TEAM:
        term.novelty.team = task_pb2.AGGREGATE_MIN
    return term


def penalty(feature: Feature, *, cap: float, reason: str = "") -> pb.ShapingTerm:
    """A small price on a feature, for each agent by its own value, or for the team where it is the team's.

    Args:
        feature: what is better small.
        cap: episode cap, see `purse`.
        reason: why, one sentence.
    """
    target = pb.TARGET_KIND_TEAM if feature.scope == task_pb2.FEATURE_SCOPE_TEAM else pb.TARGET_KIND_AGENT
    term = _capped(pb.SHAPING_FORM_PENALTY, _name("avoid", feature.name), feature, cap, target, reason)
    term.weight = tidy(cap / 20)
    return term


def credit(alpha: float, *, reason: str = "") -> pb.ShapingTerm:
    """A mix of own and team shaping; `alpha` is the share of the own. In [0, 1]."""
    term = pb.ShapingTerm(name="credit_mix", form=pb.SHAPING_FORM_CREDIT, target=pb.TARGET_KIND_AGENT, reason=reason)
    term.credit.alpha = alpha
    return term


def gated(card: TaskCard, term: pb.ShapingTerm, after: Milestone) -> pb.ShapingTerm:
    """A copy of a term that is active only while a milestone's condition holds."""
    feature = feature_of(card, after.feature)
    copy = deepcopy(term)
    copy.gate.feature, copy.gate.comparison = feature.name, pb.COMPARISON_AT_LEAST
    copy.gate.value = after.threshold
    if _needs_aggregate(term, feature):
        copy.gate.aggregate = after.aggregate or task_pb2.AGGREGATE_MAX
    return copy


def purse(card: TaskCard, gamma: float) -> float:
    """Episode cap of one term that is not a potential, units of task reward.

    Args:
        card: the task's card.
        gamma: the learner's discount, in [0, 1].
    """
    return tidy(min(1.0, PURSE * bonus_limit(card, gamma)))


def schedule_end(env_steps: int) -> int:
    """env_steps as a schedule's end. In [1, 1e9]."""
    return min(max(1, env_steps), 10**9)


def tidy(number: float) -> float:
    """A number with four significant digits, for readers."""
    return float(f"{number:.4g}")


def _capped(
    form: pb.ShapingForm,
    name: str,
    feature: Feature,
    cap: float,
    target: pb.TargetKind,
    reason: str,
    role: str = "",
) -> pb.ShapingTerm:
    """A term that pays its whole cap at once."""
    return pb.ShapingTerm(
        name=name,
        form=form,
        target=target,
        role=role,
        feature=feature.name,
        weight=cap,
        episode_cap=cap,
        reason=reason,
    )


def _needs_aggregate(term: pb.ShapingTerm, feature: Feature) -> bool:
    return reads_team(term.form, term.target) and feature.scope != task_pb2.FEATURE_SCOPE_TEAM


def _level(card: TaskCard, feature: Feature, aggregate: task_pb2.Aggregate, value: float) -> float:
    """A value in units of the range of what an aggregate yields, cut to (0, 1], a little below it where it is inside.

    The small margin keeps a level reached when features are computed in single precision.
    """
    low, high = aggregate_range(card, feature, aggregate, team=True)
    level = (value - low) / (high - low)
    return 1.0 if level >= 1 else max(0.001, tidy(level - 0.0001))


def _name(prefix: str, subject: str) -> str:
    return f"{prefix}_{subject}"[:48]
