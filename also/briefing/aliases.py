"""Names of a user's agents and roles are free text, so no LLM sees them: it sees `agent_0`, `role_1`.

`Aliases` renames a request before it is rendered, and an answer back. It returns copies; what a message
names that is not on the card is left out, or becomes `unknown`, which no card has.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy

from also.shaping.rules import role_agents
from also.v1.critic_pb2 import PastStage
from also.v1.diagnosis_pb2 import Citation, Diagnosis, Finding
from also.v1.evidence_pb2 import Evidence
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import Trial

UNKNOWN = "unknown"
"""Role of a term whose own is not on the card."""


class Aliases:
    """Aliases of one card's agents and roles, and the way back."""

    def __init__(self, card: TaskCard) -> None:
        self._agents = _first(card.agents, "agent")
        self._roles = _first([role.name for role in card.roles], "role")
        self._real_agents = {alias: real for real, alias in self._agents.items()}
        self._real_roles = {alias: real for real, alias in self._roles.items()}
        for index, agent in enumerate(card.agents):
            if role_agents(card, agent) == (index,):
                self._real_roles[f"agent_{index}"] = agent
        self.card = deepcopy(card)
        """The card with aliases: agents `agent_0`, ..., roles `role_0`, ..., in the card's order."""
        self.card.agents[:] = [f"agent_{index}" for index in range(len(card.agents))]
        for index, role in enumerate(self.card.roles):
            role.name = f"role_{index}"

    @property
    def roles(self) -> tuple[str, ...]:
        """Aliases that a term may name as its role: those of roles, and of agents that no role's name hides."""
        return tuple(self._real_roles)

    def evidence(self, given: Evidence) -> Evidence:
        """Evidence with aliases; agents that are not on the card are left out."""
        copy = deepcopy(given)
        del copy.agents[:]
        for item in given.agents:
            if item.agent in self._agents:
                copy.agents.add().CopyFrom(item)
                copy.agents[-1].agent = self._agents[item.agent]
        return copy

    def config(self, given: ShapingConfig) -> ShapingConfig:
        """A shaping config with aliases in its roles."""
        return _with_roles(given, {**self._agents, **self._roles})

    def diagnosis(self, given: Diagnosis) -> Diagnosis:
        """A diagnosis with aliases in its findings and citations; summaries stay as they are."""
        copy = deepcopy(given)
        for finding in copy.findings:
            _rename(finding, self._agents)
        return copy

    def past(self, given: PastStage) -> PastStage:
        """An earlier stage with aliases in its diagnosis."""
        copy = deepcopy(given)
        if given.HasField("diagnosis"):
            copy.diagnosis.CopyFrom(self.diagnosis(given.diagnosis))
        return copy

    def trial(self, given: Trial) -> Trial:
        """A trial with aliases in its config, and without its verdict's detail."""
        copy = deepcopy(given)
        copy.candidate.config.CopyFrom(self.config(given.candidate.config))
        copy.verdict.ClearField("detail")
        return copy

    def real_config(self, given: ShapingConfig) -> ShapingConfig:
        """A shaping config with the card's own names in its roles, of one that has aliases."""
        return _with_roles(given, self._real_roles)

    def real_finding(self, given: Finding) -> Finding:
        """A finding with the card's own names in its agent and citations, of one that has aliases."""
        copy = deepcopy(given)
        _rename(copy, self._real_agents)
        return copy


def _first(names: Iterable[str], kind: str) -> dict[str, str]:
    """Alias of each name; of equal names the first one's, as everywhere where a card is read."""
    aliases: dict[str, str] = {}
    for index, name in enumerate(names):
        aliases.setdefault(name, f"{kind}_{index}")
    return aliases


def _with_roles(given: ShapingConfig, names: Mapping[str, str]) -> ShapingConfig:
    copy = deepcopy(given)
    for term in copy.terms:
        if term.role:
            term.role = names.get(term.role, UNKNOWN)
    return copy


def _rename(finding: Finding, names: Mapping[str, str]) -> None:
    finding.agent = names.get(finding.agent, "")
    cited = [(_renamed(citation.item, names), citation.value) for citation in finding.citations]
    del finding.citations[:]
    finding.citations.extend(Citation(item=item, value=value) for item, value in cited if item)


def _renamed(path: str, names: Mapping[str, str]) -> str:
    """A path of evidence under other names; "" for an agent that has none. A name may itself contain dots."""
    if not path.startswith("agents."):
        return path
    agent, _, field = path.removeprefix("agents.").rpartition(".")
    return f"agents.{names[agent]}.{field}" if agent in names else ""
