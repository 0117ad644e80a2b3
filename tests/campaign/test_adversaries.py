"""Shaping configs that are meant to harm, before the whole loop."""

from pathlib import Path

import pytest

from also import document
from also.services.trainer.tasks.opening import describe
from also.shaping.identity import config_hash
from also.v1.shaping_pb2 import ShapingConfig
from benchmarks import adversarial, adversaries
from benchmarks.adversaries import Adversary

pytestmark = pytest.mark.slow

BUDGET = 24_000
"""env_steps of these campaigns: a few stages, and one round."""


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stages train with one thread, as beside other tests."""
    monkeypatch.setenv("ALSO_TRAINER_THREADS", "1")


@pytest.fixture
def away() -> Adversary:
    """A potential that is lowest where the food is: the way to success leads downhill."""
    term = {
        "name": "away",
        "form": "potential",
        "target": "agent",
        "feature": "nearest_food_distance",
        "transform": {"kind": "exp", "scale": 0.3},
        "weight": -1,
    }
    return Adversary(family="sign", number=0, config=document.read(ShapingConfig, {"terms": [term]}))


def test_there_are_a_hundred_adversaries_by_their_seed() -> None:
    """All valid, no two alike, and the same ones again."""
    card = describe(adversarial.campaign_of(0, BUDGET).task)
    found, _ = adversaries.draw_all(card, 10, adversarial.SEED)
    assert len({config_hash(each.config) for each in found}) == len(found) >= 100
    assert found == adversaries.draw_all(card, 10, adversarial.SEED)[0]
    assert found != adversaries.draw_all(card, 10, adversarial.SEED + 1)[0]


def test_what_leads_away_from_success_is_taken_away(away: Adversary, tmp_path: Path) -> None:
    """A campaign that begins with it goes on without it, or with less of it, after its first round."""
    met = adversarial.meet(away, "incumbent", BUDGET, tmp_path)
    assert 0 < met.stages_under < met.stages
    assert not met.stays


def test_a_planted_candidate_is_tried_and_judged(away: Adversary, tmp_path: Path) -> None:
    """It is the first round's only candidate, in a race, for its terms are potentials; later rounds are the rules'."""
    met = adversarial.meet(away, "candidate", BUDGET, tmp_path)
    assert met.verdict in ("RaceWon", "RaceStoodStill")
    assert met.promoted == (met.verdict == "RaceWon")


def test_a_run_that_is_kept_under_it_learns_less(away: Adversary) -> None:
    """So it does harm: in one batch, from the same env_steps."""
    budget = 16_000
    fixed = adversarial.keep(adversarial.campaign_of(adversarial.SEED, budget), [away], budget)
    assert fixed.kept[away.name][budget].high < fixed.floor(budget)
