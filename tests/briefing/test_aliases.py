"""Aliases hide every name of agents and roles, and lead back to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from also.briefing.aliases import UNKNOWN, Aliases
from also.shaping.rules import role_agents
from also.v1.critic_pb2 import PastStage
from also.v1.diagnosis_pb2 import Citation, Diagnosis, Finding
from also.v1.evidence_pb2 import Evidence
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import Trial

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=48) | st.sampled_from(
    ["agent_0", "agent_1", "role_0", "unknown", "team.left.1", "a.b", "agents"]
)


def config(*roles):
    """A config with one term for each role."""
    given = ShapingConfig()
    for index, role in enumerate(roles):
        given.terms.add(name=f"term_{index}", form=1, target=2, role=role, feature="x", weight=1)
    return given


def finding(agent):
    """A finding about an agent, with citations of it."""
    paths = [f"agents.{agent}.contribution", "returns.mean", f"agents.{agent}.idle_rate"]
    return Finding(mode=4, remedy=4, agent=agent, citations=[Citation(item=path, value=1) for path in paths])


@pytest.mark.slow
@given(agents=st.lists(NAMES, min_size=1, max_size=6, unique=True), roles=st.lists(NAMES, max_size=4, unique=True))
def test_aliases_lead_there_and_back(agents, roles):
    """Whatever agents and roles are called, even by each other's aliases."""
    card = TaskCard(task="x", agents=agents)
    for index, role in enumerate(roles):
        card.roles.add(name=role, agents=[index % len(agents)])
    aliases = Aliases(card)
    assert aliases.card.agents == [f"agent_{index}" for index in range(len(agents))]
    assert [role.name for role in aliases.card.roles] == [f"role_{index}" for index in range(len(roles))]
    known = config(*dict.fromkeys([*roles, *agents]))
    assert aliases.real_config(aliases.config(known)) == known
    for agent in agents:
        about = finding(agent)
        aliased = aliases.diagnosis(Diagnosis(findings=[about])).findings[0]
        assert aliased.agent in aliases.card.agents
        assert aliases.real_finding(aliased) == about
    evidence = Evidence()
    for agent in agents:
        evidence.agents.add(agent=agent, contribution=len(agent))
    renamed = aliases.evidence(evidence)
    assert [item.agent for item in renamed.agents] == list(aliases.card.agents)
    assert [item.contribution for item in renamed.agents] == [len(agent) for agent in agents]


@given(agents=st.lists(NAMES, min_size=1, max_size=6, unique=True), roles=st.lists(NAMES, max_size=4, unique=True))
def test_every_alias_of_a_role_means_the_same_agents(agents, roles):
    """A role that is called like an agent hides that agent's own role, so that no alias is offered for it."""
    card = TaskCard(task="x", agents=agents)
    for index, role in enumerate(roles):
        card.roles.add(name=role, agents=[index % len(agents)])
    aliases = Aliases(card)
    for alias in aliases.roles:
        (term,) = aliases.real_config(config(alias)).terms
        assert role_agents(card, term.role) == role_agents(aliases.card, alias)


def test_a_hidden_agent_cannot_be_named_as_a_role():
    """Its alias becomes a role that no card has, never silently another one."""
    card = TaskCard(task="x", agents=["left", "right"])
    card.roles.add(name="left", agents=[1])
    aliases = Aliases(card)
    assert aliases.roles == ("role_0", "agent_1")
    assert aliases.real_config(config("agent_0")).terms[0].role == UNKNOWN


def test_what_is_not_on_the_card_is_left_out():
    """No name that a card does not have reaches a prompt."""
    aliases = Aliases(TaskCard(task="x", agents=["left"]))
    evidence = Evidence()
    evidence.agents.add(agent="stranger")
    assert not aliases.evidence(evidence).agents
    assert aliases.config(config("stranger")).terms[0].role == UNKNOWN
    (about,) = aliases.diagnosis(Diagnosis(findings=[finding("stranger")])).findings
    assert (about.agent, [item.item for item in about.citations]) == ("", ["returns.mean"])


def test_given_messages_are_never_changed(foraging):
    """Aliases are made in copies."""
    foraging.agents[0] = "left"
    foraging.roles.add(name="pair", agents=[0, 1])
    card, trial, past = TaskCard(), Trial(), PastStage(stage=1, diagnosis=Diagnosis(findings=[finding("left")]))
    card.CopyFrom(foraging)
    trial.candidate.config.CopyFrom(config("pair"))
    trial.verdict.detail = "left lost"
    before = [message.SerializeToString(deterministic=True) for message in (card, trial, past)]
    aliases = Aliases(card)
    assert aliases.trial(trial).candidate.config.terms[0].role == "role_0"
    assert aliases.trial(trial).verdict.detail == ""
    assert aliases.past(past).diagnosis.findings[0].agent == "agent_0"
    assert [message.SerializeToString(deterministic=True) for message in (card, trial, past)] == before


@pytest.mark.parametrize("given", [PastStage(stage=2), PastStage(stage=2, outcome=3)])
def test_a_stage_without_a_diagnosis_stays_without_one(given):
    """An absent diagnosis is not made up."""
    assert Aliases(TaskCard(task="x", agents=["left"])).past(given) == given
