"""One finding beside the card, the evidence and the incumbent: the questions that remedies ask of it.

Which ways lead to the milestone, and in which direction? Who lags behind on them? What comes after?
The card's own words (progress features, directions) come first; where it has none, the features that
tell successful episodes from failed ones stand in.

A potential follows features of the state only. A way along any other feature (loading, meeting) is paid
by a bonus, and approached along the latest way of the state that leads up to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from also.services.generator.terms import event, penalty, potential, purse
from also.shaping.rules import feature_of, tells_of_state
from also.shaping.ways import way_to
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2
from also.v1.diagnosis_pb2 import Finding
from also.v1.generator_pb2 import ProposeRequest
from also.v1.task_pb2 import Feature, Milestone, TaskCard

RUNG = 0.3
"""Weight of each potential of a ladder, as a share of the largest return."""

MOST_RUNGS = 4
"""Potentials of a ladder at most."""

HALFWAY = 0.6
"""Share of a feature's range from which a rise along it is paid: more than half of the agents, or one in full."""

TELLING = 0.5
"""|Cohen's d| from which a feature's direction is read from successful episodes (Cohen 1988: medium)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A feature along which progress lies, and the end of its range where it does."""

    feature: Feature
    """The feature."""
    toward: task_pb2.Direction
    """Higher or lower."""

    @property
    def targets(self) -> Sequence[pb.TargetKind]:
        """Who a potential along it is for, the most natural one first."""
        if self.feature.scope == task_pb2.FEATURE_SCOPE_TEAM:
            return (pb.TARGET_KIND_TEAM,)
        return (pb.TARGET_KIND_AGENT, pb.TARGET_KIND_TEAM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A finding to answer."""

    request: ProposeRequest
    """What was asked for."""
    finding: Finding
    """The finding; its names are in the card or in the incumbent."""

    @property
    def card(self) -> TaskCard:
        """The task's card."""
        return self.request.card

    @property
    def purse(self) -> float:
        """Episode cap of a bonus, units of task reward."""
        return purse(self.card, self.request.gamma)

    @property
    def incumbent(self) -> pb.ShapingConfig:
        """The incumbent."""
        return self.request.incumbent

    @property
    def milestone(self) -> Milestone | None:
        """The finding's milestone; None when it names none."""
        return next((item for item in self.card.milestones if item.name == self.finding.milestone), None)

    def milestones_until(self) -> list[Milestone]:
        """Milestones up to and with the finding's; all when it names none."""
        names = [milestone.name for milestone in self.card.milestones]
        last = self.finding.milestone
        return list(self.card.milestones)[: names.index(last) + 1 if last else None]

    def milestones_from(self) -> list[Milestone]:
        """The finding's milestone and those after it; all when it names none."""
        return list(self.card.milestones)[max(0, len(self.milestones_until()) - 1) if self.milestone else 0 :]

    def before(self) -> Milestone | None:
        """The milestone right before the finding's; None when there is none."""
        earlier = self.milestones_until()[:-1] if self.milestone else []
        return earlier[-1] if earlier else None

    def held_alone(self) -> Milestone | None:
        """The last milestone up to the finding's that shows in a feature of agents: what each of them can hold."""
        for milestone in reversed(self.milestones_until()):
            if feature_of(self.card, milestone.feature).scope == task_pb2.FEATURE_SCOPE_AGENT:
                return milestone
        return None

    def way(self, name: str) -> Way | None:
        """Way along a feature; None when nothing says where progress lies on it."""
        feature = feature_of(self.card, name)
        if feature.direction:
            return Way(feature=feature, toward=feature.direction)
        effects = {item.feature: item.effect_size for item in self.request.evidence.features}
        if abs(effects.get(name, 0.0)) < TELLING:
            return None
        higher = effects[name] > 0
        return Way(feature=feature, toward=task_pb2.DIRECTION_HIGHER if higher else task_pb2.DIRECTION_LOWER)

    def ways(self) -> list[Way]:
        """Ways of the state that the finding or its milestone names; both directions where none is known.

        Where what they name is none of the state, the latest way to the milestone stands in: who has come near can act.
        """
        ways: list[Way] = []
        for name in self._named():
            feature, known = feature_of(self.card, name), self.way(name)
            both = [Way(feature=feature, toward=end) for end in (task_pb2.DIRECTION_HIGHER, task_pb2.DIRECTION_LOWER)]
            if tells_of_state(feature):
                ways += [known] if known else both
        return ways or (self.earlier_ways()[:1] if self.milestone and self._named() else [])

    def earlier_ways(self) -> list[Way]:
        """Known ways of the state to the milestones up to the finding's, the latest first."""
        named = (way_to(milestone, self.request.evidence) for milestone in reversed(self.milestones_until()))
        ways = [way for name in named if name and (way := self.way(name)) is not None]
        return [way for way in ways if tells_of_state(way.feature)]

    def deeds(self) -> list[pb.ShapingTerm]:
        """Bonuses on named ways that no potential may follow; penalties where less is better."""
        ways = [way for name in self._named() if (way := self.way(name)) is not None]
        return [
            event(self.card, _halfway(way.feature), cap=self.purse, reason=f"Pays a rise of {way.feature.name}.")
            if way.toward == task_pb2.DIRECTION_HIGHER
            else penalty(way.feature, cap=self.purse, reason=f"Takes from whoever shows {way.feature.name}.")
            for way in ways
            if not tells_of_state(way.feature)
        ]

    def _named(self) -> list[str]:
        """Features that the finding or its milestone names as a way."""
        names = [self.finding.feature, way_to(self.milestone, self.request.evidence) if self.milestone else ""]
        return list(dict.fromkeys(filter(None, names)))

    def approaches(self) -> list[pb.ShapingTerm]:
        """Potentials along the ways, for each agent where a feature is of agents, and for the team."""
        goal = f" to {self.milestone.name}" if self.milestone else ""
        return [
            potential(
                self.card,
                way.feature,
                way.toward,
                target=target,
                reason=f"Rewards approach along {way.feature.name}{goal}.",
            )
            for way in self.ways()
            for target in way.targets
        ]

    def own_approaches(self) -> list[pb.ShapingTerm]:
        """Potentials for each agent along this milestone's way and earlier ones', where a feature is of agents.

        What one agent does is then paid to that agent, which learns of it without the others' noise.
        """
        return [
            potential(
                self.card,
                way.feature,
                way.toward,
                target=pb.TARGET_KIND_AGENT,
                reason=f"Rewards each agent's own approach along {way.feature.name}.",
            )
            for way in self.earlier_ways()
            if way.feature.scope == task_pb2.FEATURE_SCOPE_AGENT
        ]

    def laggards(self) -> list[pb.ShapingTerm]:
        """Team potentials that follow whoever is farthest behind, along this milestone's way and earlier ones'."""
        return [
            potential(self.card, way.feature, way.toward, reason=f"Pulls whoever lags behind along {way.feature.name}.")
            for way in self.earlier_ways()
            if way.feature.scope != task_pb2.FEATURE_SCOPE_TEAM
        ]

    def ladder(self) -> list[pb.ShapingTerm]:
        """A potential along each way of the state from the finding's milestone to success, so that no step is undone.

        Empty where fewer than two ways are known: one rung is no ladder.
        """
        rungs: dict[str, pb.ShapingTerm] = {}
        for milestone in self.milestones_from():
            name = way_to(milestone, self.request.evidence)
            way = self.way(name) if name else None
            if way is not None and tells_of_state(way.feature) and way.feature.name not in rungs:
                reason = f"A rung of the ladder to success: {milestone.name}."
                rungs[way.feature.name] = potential(
                    self.card, way.feature, way.toward, target=way.targets[0], share=RUNG, reason=reason
                )
        return list(rungs.values())[:MOST_RUNGS] if len(rungs) > 1 else []

    def achievement(self) -> list[pb.ShapingTerm]:
        """A potential on the milestone's own feature, which keeps what is reached worth more than the way to it.

        Empty where that feature is none of the state.
        """
        if self.milestone is None or self.milestone.feature in (
            way_to(self.milestone, self.request.evidence),
            self.finding.feature,
        ):
            return []
        feature, aggregate = feature_of(self.card, self.milestone.feature), self.milestone.aggregate
        if not tells_of_state(feature):
            return []
        reason = f"Keeps {self.milestone.name} worth more than the approach to it."
        return [potential(self.card, feature, task_pb2.DIRECTION_HIGHER, aggregate=aggregate, reason=reason)]

    def rare(self) -> list[Feature]:
        """Features whose rare values may matter: the finding's, then by effect size, then in the card's order."""
        effects = {item.feature: abs(item.effect_size) for item in self.request.evidence.features}
        shown = {milestone.feature for milestone in self.card.milestones}
        features = [feature for feature in self.card.features if feature.name not in shown]
        return sorted(
            features or list(self.card.features),
            key=lambda feature: (feature.name != self.finding.feature, -effects.get(feature.name, 0.0)),
        )

    def terms_to_change(self) -> tuple[list[str], list[str]]:
        """Names of the finding's term, and of all terms; all both times where it names none."""
        every = [term.name for term in self.incumbent.terms]
        return ([self.finding.term] if self.finding.term else every), every


def _halfway(feature: Feature) -> Milestone:
    """More than half of a feature's range, as something to reach: that several agents act, that one of them does."""
    aggregate = (
        task_pb2.AGGREGATE_UNSPECIFIED if feature.scope == task_pb2.FEATURE_SCOPE_TEAM else task_pb2.AGGREGATE_MAX
    )
    threshold = feature.minimum + HALFWAY * (feature.maximum - feature.minimum)
    return Milestone(name=feature.name, feature=feature.name, aggregate=aggregate, threshold=threshold)
