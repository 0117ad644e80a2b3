"""What a model may choose from leaves room for what was planted, in every recorded situation."""

import pytest

from also.campaign import requests
from also.judging import backends, moments, recorded
from also.services.critic import rules
from also.services.critic.case import read_case
from also.services.critic.choices import choices
from also.services.critic.contradictions import contradictions

SITUATIONS = recorded.situations()


@pytest.mark.parametrize("each", SITUATIONS, ids=[each.situation.id for each in SITUATIONS])
def test_what_was_planted_can_be_said_and_the_rules_deny_nothing(each) -> None:
    """A schema that is cut to the case cuts nothing away that is true of it."""
    backend = backends.rules()
    state = moments.before_diagnosis(each, backend.critic, backend.generator)
    request = requests.diagnose(each.campaign_id, state, state.stage_under_way)
    case = read_case(request)
    offered = choices(case)
    assert each.situation.planted.mode in offered.modes
    for finding in rules.diagnose(request).findings:
        assert finding.mode in offered.modes and finding.remedy in offered.remedies
        assert not list(contradictions(finding, case))
