"""What an exported policy is, in the words of `policy.proto`: what `policy.json` says."""

from also import __version__, algorithms
from also.v1.campaign_pb2 import Campaign
from also.v1.policy_pb2 import Acting, Policy, PolicyPort
from also.v1.task_pb2 import ActionKind, TaskCard

SCHEMA_VERSION = 1
"""Version of the folder's layout."""


def describe(
    campaign_id: str, campaign: Campaign, card: TaskCard, checkpoint_id: str, *, env_steps: int, normalises: bool
) -> Policy:
    """A policy's description.

    Args:
        campaign_id: campaign that it was trained in.
        campaign: every default filled in.
        card: card of the task.
        checkpoint_id: checkpoint that it comes from.
        env_steps: env_steps that it was trained for.
        normalises: whether it normalises observations.
    """
    learner = campaign.learner
    policy = Policy(
        schema_version=SCHEMA_VERSION,
        also_version=__version__,
        campaign_id=campaign_id,
        checkpoint_id=checkpoint_id,
        env_steps=env_steps,
        task=card.task,
        algorithm=learner.algorithm,
        agents=card.agents,
        observation_size=card.observation_size,
        action_space=card.action_space,
        memory_size=learner.hidden if learner.recurrent else 0,
        normalises=normalises,
        acting=_acting(campaign),
    )
    policy.action_space.masked = takes_masks(card)
    if policy.acting == Acting.ACTING_EPSILON_GREEDY:
        policy.epsilon = learner.value_learning.epsilon_end
    policy.inputs.extend(_inputs(policy))
    policy.outputs.extend(_outputs(policy, value_based=algorithms.is_value_based(learner)))
    return policy


def is_discrete(policy: Policy) -> bool:
    """Whether actions are choices."""
    return policy.action_space.kind == ActionKind.ACTION_KIND_DISCRETE


def takes_masks(card: TaskCard) -> bool:
    """Whether some actions may be forbidden; a card of an older ALSO does not say so of a task by import path."""
    space = card.action_space
    return space.masked or (":" in card.task and not space.HasField("masked"))


def _acting(campaign: Campaign) -> Acting:
    """How the policy was asked in evaluations."""
    if campaign.evaluation.greedy:
        return Acting.ACTING_GREEDY
    return Acting.ACTING_EPSILON_GREEDY if algorithms.is_value_based(campaign.learner) else Acting.ACTING_SAMPLED


def _inputs(policy: Policy) -> list[PolicyPort]:
    size, actions, memory = policy.observation_size, policy.action_space.size, policy.memory_size
    ports = [
        PolicyPort(
            name="observation",
            type="float32",
            shape=f"N, {size}",
            description="What each agent observes, as the environment says it.",
        ),
        PolicyPort(name="agent", type="int64", shape="N", description="Place of each agent among `agents`, from 0."),
    ]
    if policy.action_space.masked:
        ports.append(
            PolicyPort(
                name="action_mask", type="bool", shape=f"N, {actions}", description="Actions that are allowed to each."
            )
        )
    if memory:
        ports.append(
            PolicyPort(
                name="memory",
                type="float32",
                shape=f"N, {memory}",
                description="`next_memory` of each agent's last decision; zeros when an episode begins.",
            )
        )
    return ports


def _outputs(policy: Policy, *, value_based: bool) -> list[PolicyPort]:
    actions, shape = policy.action_space.size, f"N, {policy.action_space.size}"
    if not is_discrete(policy):
        ports = [
            PolicyPort(
                name="action", type="float32", shape=shape, description="Best action of each, within the action space."
            ),
            PolicyPort(name="mean", type="float32", shape=shape, description="The same before it is clipped."),
            PolicyPort(
                name="deviation",
                type="float32",
                shape=f"{actions}",
                description="Standard deviation around the mean that training explores with.",
            ),
        ]
    else:
        forbidden = "; -1e9 where it is forbidden" if policy.action_space.masked else ""
        ports = [
            PolicyPort(name="action", type="int64", shape="N", description="Best action of each."),
            PolicyPort(
                name="q_value" if value_based else "logit",
                type="float32",
                shape=shape,
                description=f"{'Q' if value_based else 'Logit'} of each action{forbidden}.",
            ),
        ]
    if policy.memory_size:
        ports.append(
            PolicyPort(
                name="next_memory",
                type="float32",
                shape=f"N, {policy.memory_size}",
                description="Memory for each agent's next decision.",
            )
        )
    return ports
