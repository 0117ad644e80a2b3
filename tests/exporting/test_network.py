"""What is exported acts as ALSO does."""

import numpy as np
import onnxruntime
import pytest
import torch

from also.services.trainer.actor import Team
from also.services.trainer.tasks.opening import open_task
from also.v1.policy_pb2 import Acting

ENOUGH = 1000
"""Observations that are compared."""

FORAGING = {"name": "foraging", "layout": "6x6-3p-2f-coop"}
OWN = "tests.tasks.small_environments"

KINDS = {
    "discrete": (FORAGING, {}),
    "discrete, not normalised": (FORAGING, {"normalise_observations": False, "layers": 1, "algorithm": "ippo"}),
    "gru": (FORAGING, {"recurrent": True}),
    "vdn": (FORAGING, {"algorithm": "vdn"}),
    "qmix with gru": (FORAGING, {"algorithm": "qmix", "recurrent": True}),
    "masked": ({"name": f"{OWN}:uneven", "workers": 1}, {}),
    "masked qmix": ({"name": f"{OWN}:uneven", "workers": 1}, {"algorithm": "qmix"}),
    "continuous": ({"name": f"{OWN}:gliding", "workers": 1}, {}),
    "gru, agents that leave": ({"name": f"{OWN}:departures", "workers": 1}, {"recurrent": True}),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_greedy_actions_of_a_thousand_observations_are_those_of_also(kind, small_campaign, both):
    """Whole episodes of many environments, memory and masks included; continuous actions to 1e-5."""
    task, learner = KINDS[kind]
    campaign = small_campaign(task, **learner)
    card, actor, normaliser, policy, model = both(campaign)
    session = onnxruntime.InferenceSession(model)
    names = [each.name for each in session.get_outputs()]
    assert [each.name for each in session.get_inputs()] == [port.name for port in policy.inputs]
    assert names == [port.name for port in policy.outputs]
    agents, environments = len(card.agents), 40
    seen = 0
    played = open_task(campaign.task, replicas=1, environments=environments, card=card)
    try:
        memory = actor.net.empty_memory(1, environments)
        team, begins = Team(actor, normaliser, played, memory=memory, draws=None), None
        remembered = np.zeros((environments * agents, policy.memory_size), np.float32)
        played.reset(torch.arange(environments).unsqueeze(0))
        while seen < ENOUGH:
            view = played.view()
            expected = team.decide(view, begins).actions
            given = {
                "observation": view.observations.flatten(0, 2).numpy(),
                "agent": np.tile(np.arange(agents), environments),
                "memory": remembered,
            }
            if policy.action_space.masked:
                given["action_mask"] = view.action_mask.flatten(0, 2).numpy()
            found = dict(
                zip(
                    names,
                    session.run(names, {each.name: given[each.name] for each in session.get_inputs()}),
                    strict=True,
                )
            )
            wanted = actor.executable(expected).flatten(0, 2).numpy()
            if actor.discrete:
                np.testing.assert_array_equal(found["action"], wanted)
            else:
                np.testing.assert_allclose(found["action"], wanted, atol=1e-5)
            if policy.memory_size:
                there = np.ones(len(wanted), bool) if view.present is None else view.present.flatten().numpy()
                remembered = found["next_memory"] * there[:, None]
                np.testing.assert_allclose(remembered, team.memory.flatten(0, 2).numpy(), atol=1e-5)
            outcome = team.execute(expected)
            seen += len(wanted)
            begins = outcome.terminated | outcome.truncated
            if bool(begins.any()):
                played.restart(begins)
                remembered = (team.memory * ~begins[..., None, None]).flatten(0, 2).numpy().copy()
    finally:
        played.close()


def test_policies_of_all_actions_tell_more_than_the_best_one(small_campaign, both):
    """Logits give the distribution that training draws from; Q of each action is told with the share of random ones."""
    _, _, _, policy, _ = both(small_campaign(FORAGING))
    assert (policy.outputs[1].name, policy.acting) == ("logit", Acting.ACTING_SAMPLED)
    _, _, _, policy, _ = both(small_campaign(FORAGING, algorithm="vdn"))
    assert (policy.outputs[1].name, policy.acting) == ("q_value", Acting.ACTING_EPSILON_GREEDY)
    assert 0 < policy.epsilon < 1


def test_one_agent_alone_is_asked_as_all_together_are(small_campaign, both):
    """An action depends on an agent's own row and place."""
    card, _, _, _, model = both(small_campaign(FORAGING))
    session = onnxruntime.InferenceSession(model)
    seen = np.random.default_rng(1).integers(-1, 6, (len(card.agents), card.observation_size)).astype(np.float32)
    together, logits = session.run(["action", "logit"], {"observation": seen, "agent": np.arange(len(card.agents))})
    for agent in range(len(card.agents)):
        alone = session.run(["action", "logit"], {"observation": seen[agent : agent + 1], "agent": np.array([agent])})
        assert alone[0][0] == together[agent]
        np.testing.assert_allclose(alone[1][0], logits[agent], atol=1e-6)
    same = session.run(["logit"], {"observation": np.repeat(seen[:1], 2, axis=0), "agent": np.array([0, 1])})[0]
    assert not np.allclose(same[0], same[1])
