"""The largest questions that a campaign may come to, with made-up numbers: by them an LLM is tried before it begins.

Every feature, milestone and agent of the card has its evidence, the incumbent has several terms, and there is as long a
history as prompts show. What a server cannot take then shows before the first stage, and not in the tenth.
"""

from copy import deepcopy

from also import returns
from also.algorithms import is_value_based
from also.shaping.identity import config_hash
from also.shaping.rules import tells_of_state
from also.updates import env_steps_of_stage
from also.v1 import diagnosis_pb2 as dp
from also.v1 import shaping_pb2 as sp
from also.v1.campaign_pb2 import Campaign
from also.v1.critic_pb2 import STAGE_OUTCOME_HELD, DiagnoseRequest, PastStage
from also.v1.evidence_pb2 import Evidence
from also.v1.generator_pb2 import ProposeRequest
from also.v1.llm_pb2 import LlmAllowance
from also.v1.task_pb2 import DIRECTION_LOWER, FEATURE_SCOPE_AGENT, FEATURE_SCOPE_PAIR, TaskCard
from also.v1.verdict_pb2 import OUTCOME_REJECTED, VERDICT_REASON_BELOW_CONTROL, Trial

CAMPAIGN_ID = "preflight"
"""Campaign of these questions in metrics: their calls are paid for."""

STAGES = 13
"""Stages with evidence: one more than prompts show of the past."""

TRIALS = 16
"""Trials: as many as prompts show."""

TERMS = 4
"""Terms of the incumbent at most."""

POINTS = 64
"""Points of a stage's curve."""

_UNLIMITED = LlmAllowance(calls=10**6, tokens=10**12)


def diagnosis(campaign: Campaign, card: TaskCard) -> DiagnoseRequest:
    """What the critic is asked, under a campaign with every default filled in."""
    incumbent = _incumbent(campaign, card)
    return DiagnoseRequest(
        campaign_id=CAMPAIGN_ID,
        settings=campaign.critic,
        card=card,
        incumbent=incumbent,
        evidence=[_evidence(card, incumbent, stage) for stage in range(STAGES)],
        trials=_trials(incumbent),
        past=[
            PastStage(stage=stage, diagnosis=_diagnosis(card), outcome=STAGE_OUTCOME_HELD)
            for stage in range(STAGES - 1)
        ],
        allowance=_UNLIMITED,
    )


def proposal(campaign: Campaign, card: TaskCard) -> ProposeRequest:
    """What the generator is asked, under a campaign with every default filled in."""
    incumbent = _incumbent(campaign, card)
    return ProposeRequest(
        campaign_id=CAMPAIGN_ID,
        settings=campaign.generator,
        seed=campaign.seed,
        stage=STAGES - 1,
        round=1,
        card=card,
        incumbent=incumbent,
        evidence=_evidence(card, incumbent, STAGES - 1),
        diagnosis=_diagnosis(card),
        trials=_trials(incumbent),
        stage_env_steps=env_steps_of_stage(campaign),
        allowance=_UNLIMITED,
        gamma=campaign.learner.gamma,
        one_reward=is_value_based(campaign.learner),
    )


def _incumbent(campaign: Campaign, card: TaskCard) -> sp.ShapingConfig:
    """The campaign's own shaping, or potentials along features that a potential may read."""
    config = deepcopy(campaign.shaping)
    followed = [each for each in card.features if tells_of_state(each) and each.scope != FEATURE_SCOPE_PAIR]
    for feature in followed[:TERMS] if not config.terms else ():
        own = feature.scope == FEATURE_SCOPE_AGENT
        term = config.terms.add(
            name=f"along_{feature.name}"[:48],
            form=sp.SHAPING_FORM_POTENTIAL,
            target=sp.TARGET_KIND_AGENT if own else sp.TARGET_KIND_TEAM,
            feature=feature.name,
            weight=min(1.0, returns.span(card)) / 8,
            reason="A term of the incumbent.",
        )
        if feature.direction == DIRECTION_LOWER:
            term.transform.kind, term.transform.scale = sp.TRANSFORM_KIND_EXP, 0.3
    return config


def _evidence(card: TaskCard, incumbent: sp.ShapingConfig, stage: int) -> Evidence:
    span, low = returns.span(card), returns.nothing(card)
    evidence = Evidence(
        stage=stage,
        env_steps=(stage + 1) * 200_000,
        success_rate=0.1234,
        milestone_score=0.3456,
        mean_length=float(card.episode_limit),
        return_low=low + 0.0412 * span,
        return_high=low + 0.1634 * span,
    )
    had = evidence.returns
    had.mean, had.deviation, had.count = low + 0.1023 * span, 0.2314 * span, 256
    had.minimum, had.lower_quartile, had.median = low, low, low
    had.upper_quartile, had.maximum = low + 0.0512 * span, low + 0.5 * span
    for point in range(POINTS):
        evidence.curve.add(env_steps=point * 3200, mean_return=low + 0.1023 * span)
    for place, milestone in enumerate(card.milestones):
        evidence.milestones.add(
            milestone=milestone.name,
            reached=0.8765 / (1 + place),
            mean_first_step=12.34,
            agents_needed=milestone.agents_needed,
            best_value=milestone.threshold,
            threshold=milestone.threshold,
        )
    own = [feature for feature in card.features if feature.scope == FEATURE_SCOPE_AGENT]
    for feature in card.features:
        middle = (feature.minimum + feature.maximum) / 2
        evidence.features.add(
            feature=feature.name,
            mean=middle,
            mean_last=middle,
            mean_successful=middle,
            mean_failed=middle,
            effect_size=-0.1234,
        )
    for agent in card.agents:
        means = [(feature.minimum + feature.maximum) / 2 for feature in own]
        evidence.agents.add(
            agent=agent, contribution=0.0123, idle_rate=0.2345, action_entropy=0.8123, feature_means=means
        )
    evidence.optimisation.entropy, evidence.optimisation.kl = 0.4123, 0.0123
    for term in incumbent.terms:
        evidence.terms.add(
            term=term.name, firing_rate=0.8123, reward_share=0.1234, mean_reward=0.0012, largest_reward=0.1234
        )
    return evidence


def _diagnosis(card: TaskCard) -> dp.Diagnosis:
    """A diagnosis of the first milestone, or of no object where the card has none."""
    about = {"milestone": card.milestones[0].name} if card.milestones else {}
    finding = dp.Finding(
        mode=dp.FAILURE_MODE_EXPLORATION,
        severity=0.8,
        confidence=0.6,
        citations=[dp.Citation(item="returns.mean", value=0.1023), dp.Citation(item="success_rate", value=0.1234)],
        remedy=dp.REMEDY_GUIDE,
        summary="The first milestone is reached too seldom for anything that comes after it to be learnt.",
        **about,
    )
    return dp.Diagnosis(phase=dp.LEARNING_PHASE_PLATEAU, findings=[finding, finding], backend="llm")


def _trials(incumbent: sp.ShapingConfig) -> list[Trial]:
    """Trials of configs as large as the incumbent, all in vain."""
    trials = []
    for number in range(TRIALS):
        trial = Trial(stage=STAGES - 1 - number % 2, round=0)
        candidate, verdict = trial.candidate, trial.verdict
        candidate.name, candidate.finding = f"r0-c{number}", 0
        candidate.config.CopyFrom(incumbent)
        for term in candidate.config.terms:
            term.weight *= 1 - number / 32  # none is the incumbent, or another trial
        candidate.config_hash = verdict.config_hash = config_hash(candidate.config)
        verdict.candidate, verdict.outcome, verdict.reason = (
            candidate.name,
            OUTCOME_REJECTED,
            VERDICT_REASON_BELOW_CONTROL,
        )
        test = verdict.test
        test.measure, test.pairs, test.mean_gain, test.p_value = "return", 10, -0.0123, 0.6543
        test.gain_low, test.gain_high = -0.0345, 0.0123
        trials.append(trial)
    return trials
