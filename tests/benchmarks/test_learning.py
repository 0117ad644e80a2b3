"""What the learners are shown on, before an hour is spent on it."""

import pytest

from also import document, presets
from also.services.trainer.tasks.opening import describe
from also.shaping.rules import check_config
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import Task
from benchmarks.learning.cases import ALGORITHMS, CASES, Case

pytestmark = pytest.mark.slow  # the cards of some tasks need JAX


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_every_case_is_a_campaign_whose_shaping_is_allowed(case: Case) -> None:
    """For every algorithm: a cell that is refused would be so after others have trained."""
    if case.task["name"] in ("kitchen", "navigation"):
        pytest.importorskip("jaxmarl", reason="needs the extra jaxmarl")
    card = describe(document.read(Task, dict(case.task)))
    for algorithm in ALGORITHMS:
        campaign = document.read(Campaign, {**case.settings(algorithm), "seed": 1})
        presets.resolve(campaign)
        config = document.read(ShapingConfig, {"terms": [dict(term) for term in case.terms]})
        check_config(config, card, campaign.learner.gamma)
