"""Cards of JaxMARL's environments: what is curated can be reached in play, and what is measured holds."""

from itertools import pairwise

import pytest
import torch

from also import document, presets
from also.services.trainer import evidence
from also.services.trainer.run import Run
from also.services.trainer.streams import mix
from also.services.trainer.tasks.cards.rules import check_card
from also.services.trainer.tasks.jaxmarl.layouts import LAYOUTS
from also.services.trainer.tasks.opening import describe, open_task
from also.v1 import task_pb2
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import Task

pytestmark = pytest.mark.slow

pytest.importorskip("jax", reason="needs the extra jaxmarl")
pytest.importorskip("jaxmarl", reason="needs the extra jaxmarl")

CURATED = [(layout.suite, layout.name) for suite, all_ in LAYOUTS.items() for layout in all_ if suite != "jaxmarl"]


def played(name, layout, choose, environments=32, env_steps=0):
    """Card, milestones reached in episode 0 of some environment, and the largest return; `choose` gives actions."""
    task = open_task(Task(name=name, layout=layout), replicas=1, environments=environments)
    task.reset(mix(torch.full((1, environments), 3), torch.arange(environments)))
    card, alive = task.card, torch.ones(1, environments, dtype=torch.bool)
    returns, reached = torch.zeros(1, environments), set()
    names = tuple(feature.name for feature in card.features)
    for _ in range(env_steps or card.episode_limit):
        outcome = task.step(choose(task))
        returns += outcome.reward * alive
        features = task.features(names)
        for feature in card.features:
            value = features[feature.name]
            assert feature.minimum - 1e-6 <= float(value.min()) <= float(value.max()) <= feature.maximum + 1e-6
        for milestone in card.milestones:
            if bool((alive & (features[milestone.feature] >= milestone.threshold - 1e-6)).any()):
                reached.add(milestone.name)
        alive = alive & ~(outcome.terminated | outcome.truncated)
    return card, reached, float(returns.max())


@pytest.mark.parametrize(("name", "layout"), CURATED, ids=["-".join(each) for each in CURATED])
def test_a_curated_card_is_whole_and_of_its_own_name(name, layout):
    """It passes the rules of cards, names its layout, says what each feature tells of, and needs no trial."""
    card = describe(Task(name=name, layout=layout))
    check_card(card)
    assert card.task == f"{name}/{layout}"
    assert all(feature.tells_of and feature.description for feature in card.features)
    assert not card.notes
    assert not card.largest_measured


def test_agents_that_go_to_their_landmarks_cover_all():
    """A team that flies straight reaches every milestone of navigation, and is paid 1."""

    def choose(task):
        state = task.view().state.view(1, -1, 9, 2)  # 3 agents, 3 landmarks, 3 velocities
        wanted = state[:, :, 3:6] - state[:, :, :3] - 0.4 * state[:, :, 6:]
        across = wanted[..., 0].abs() > wanted[..., 1].abs()
        moves = torch.where(across, 1 + (wanted[..., 0] > 0).int(), 3 + (wanted[..., 1] > 0).int())
        return torch.where(wanted.abs().amax(-1) < 0.05, 0, moves).long()

    card, reached, best = played("navigation", "spread-3", choose)
    assert reached == {milestone.name for milestone in card.milestones}
    assert best == 1.0


@pytest.mark.parametrize("layout", ["facmac", "facmac-3a"])
def test_predators_that_go_for_the_prey_catch_it(layout):
    """A pack that flies at the prey reaches every milestone, and is paid 1."""

    def choose(task):
        places = task.view().state[..., :12].view(1, -1, 6, 2)  # 3 predators, the prey, 2 obstacles
        wanted = (places[:, :, 3:4] - places[:, :, :3]).clamp(-0.3, 0.3) / 0.3
        actions = torch.zeros(*wanted.shape[:3], 5)
        actions[..., 1], actions[..., 2] = (-wanted[..., 0]).clamp(min=0), wanted[..., 0].clamp(min=0)
        actions[..., 3], actions[..., 4] = (-wanted[..., 1]).clamp(min=0), wanted[..., 1].clamp(min=0)
        return actions

    card, reached, best = played("predator_prey", layout, choose)
    assert reached == {milestone.name for milestone in card.milestones}
    assert best == 1.0


def test_a_cook_that_knows_the_recipe_delivers_a_soup():
    """One cook alone reaches every milestone of the cramped room, and JaxMARL's subtasks show as a feature."""
    up, down, right, left, stay, interact = range(6)
    onion = [left, interact, right, up, interact]
    script = [
        *onion * 3,
        left,
        down,
        down,
        interact,
        up,
        right,
        up,
        *[stay] * 14,
        interact,
        down,
        right,
        down,
        interact,
    ]
    steps, subtasks, progress = iter(script), [], []

    def choose(task):
        subtasks.append(task.features(("subtask_reward",))["subtask_reward"][0, 0].tolist())
        progress.append(round(float(task.features(("soup_progress",))["soup_progress"][0, 0]), 4))
        actions = torch.full((1, 4, 2), stay)
        actions[..., 0] = next(steps)
        return actions

    card, reached, best = played("kitchen", "cramped_room", choose, environments=4, env_steps=len(script))
    assert reached == {milestone.name for milestone in card.milestones}
    assert best == 1.0
    assert [paid for paid, _ in subtasks if paid] == [3, 3, 3, 3, 5]
    steps_done = [round(value - value % 1) for value in progress]
    assert steps_done == sorted(steps_done), "a step that is done stays done until the delivery"
    assert max(progress) == 4.9
    gained = {later for earlier, later in pairwise(progress) if later // 1 > earlier // 1}
    assert gained == {1, 2, 3, 4.6}


@pytest.mark.parametrize(("feature", "turned"), [("carried_onion_distance", 1.0), ("soup_progress", 0.0)])
def test_evidence_shows_a_way_that_turns_back_at_its_milestone(feature, turned):
    """Who has put the onion into the pot carries none: every episode of random play that got there shows it."""
    campaign = document.read(
        Campaign,
        {
            "task": {"name": "kitchen", "layout": "cramped_room"},
            "learner": {"environments": 4, "rollout": 8},
            "evaluation": {"episodes": 16},
        },
    )
    presets.resolve(campaign)
    run = Run.start(campaign, [ShapingConfig()], [1])
    (milestone,) = (each for each in run.task.card.milestones if each.name == "onion_in_pot")
    milestone.progress_feature = feature
    found = evidence.gather(run, campaign, stage=0, curve=[], updates=[run.advance()])
    (shown,) = (each for each in found.milestones if each.milestone == "onion_in_pot")
    assert shown.reached > 0
    assert shown.turned_back == turned


@pytest.mark.parametrize("layout", ["3m", "2s3z"])
def test_allies_that_fire_at_one_enemy_win_battles(layout):
    """A team that goes east, and fires together when it can, reaches every milestone of some battle, and is paid 1."""
    east, first_attack = 1, 5

    def choose(task):
        attacks = task.view().action_mask[..., first_attack:]
        living = task.view().action_mask[..., east]
        common = (attacks.sum(2, keepdim=True) * attacks).argmax(-1) + first_attack  # whom most can attack
        moves = torch.where(living, east, task.card.action_space.idle)
        return torch.where(attacks.any(-1), common, moves)

    card, reached, best = played("smax", layout, choose, environments=64)
    assert reached == {milestone.name for milestone in card.milestones}
    assert best == 1.0


@pytest.mark.parametrize(
    "layout", ["MPE_simple_speaker_listener_v4", "hanabi", "overcooked_v2/demo_cook_simple", "jaxnav"]
)
def test_an_environment_that_nobody_described_gets_a_card(layout):
    """Its numbers become features of the state, in ranges that were measured, and it is played."""
    task = Task(name="jaxmarl", layout=layout)
    card = describe(task)
    check_card(card)
    assert card.task == f"jaxmarl/{layout}"
    assert {feature.tells_of for feature in card.features[:-2]} == {task_pb2.TELLS_OF_STATE}
    assert any("measured" in note for note in card.notes)
    opened = open_task(task, replicas=2, environments=3, card=card)
    view = opened.view()
    assert view.observations.shape == (2, 3, len(card.agents), card.observation_size)
    assert view.state.shape == (2, 3, card.state_size)
    assert (view.action_mask is not None) == card.action_space.masked
    space = card.action_space
    draws = torch.rand(2, 3, len(card.agents), space.size)
    actions = (
        draws
        if space.low
        else draws.masked_fill(~view.action_mask, -1).argmax(-1)
        if space.masked
        else draws.argmax(-1)
    )
    assert bool(torch.isfinite(opened.step(actions).reward).all())
    assert set(opened.features(tuple(each.name for each in card.features))) == {each.name for each in card.features}
    assert all(0 <= share <= 1 for share in opened.clipped().values())


def test_a_card_of_the_journal_stands():
    """A task that is opened with a card is not tried again, and one that does not fit is refused."""
    task = Task(name="jaxmarl", layout="switch_riddle")
    card = describe(task)
    card.description = "As the journal says."
    assert describe(task, card).description == "As the journal says."
    assert open_task(task, replicas=1, environments=2, card=card).card == card
    card.observation_size += 1
    with pytest.raises(Exception, match=r"does not fit its card, which says observation_size 3; it is 2"):
        open_task(task, replicas=1, environments=2, card=card)
