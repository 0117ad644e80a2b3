"""A citation's value is what the evidence has at its path."""

import pytest

from also.errors import DocumentError
from also.services.critic.citations import cite, value_at


def test_paths_lead_to_fields_messages_and_named_items(foraging, gather):
    """All three kinds of path, and the index of a list without names."""
    evidence = gather(foraging, reached=[0.9, 0.4, 0.1, 0.0], mean=0.1, curve=[0.0, 0.25, 0.5])
    assert value_at(evidence, "mean_length") == evidence.mean_length
    assert value_at(evidence, "returns.mean") == 0.1
    assert value_at(evidence, "milestones.met_at_food.reached") == 0.4
    assert value_at(evidence, "curve.2.mean_return") == 0.5


def test_a_name_with_dots_is_one_name(foraging, gather):
    """An agent may be called as its package pleases."""
    evidence = gather(foraging, contributions=[0.1, 0.2])
    evidence.agents[1].agent = "team.left.1"
    (citation,) = cite(evidence, "agents.team.left.1.contribution")
    assert (citation.item, citation.value) == ("agents.team.left.1.contribution", 0.2)


@pytest.mark.parametrize(
    "path",
    ["", "nothing", "returns", "returns.nothing", "milestones.met_at_food", "milestones.x.reached", "config_hash",
     "curve.99.mean_return", "agents.agent_0.agent", "agents.agent_0.feature_means", "success_rate.mean"],
)  # fmt: skip
def test_a_path_without_a_number_is_refused(foraging, gather, path):
    """A rule cannot cite what is not there."""
    with pytest.raises(DocumentError, match="evidence has no"):
        value_at(gather(foraging), path)


def test_an_absent_message_is_not_cited_as_zero(foraging, gather):
    """Evidence without optimiser figures has no entropy at all."""
    evidence = gather(foraging)
    evidence.ClearField("optimisation")
    with pytest.raises(DocumentError, match="optimisation"):
        value_at(evidence, "optimisation.entropy")
