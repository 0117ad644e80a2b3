"""The questions by which LLMs are tried before a campaign begins are as large as any, and such as minds can read."""

from pathlib import Path

import pytest
import yaml

from also import document, limits
from also.campaign import largest, requests
from also.judging import backends, moments, recorded
from also.llm.question import Room
from also.llm.tokens import estimate, estimate_messages
from also.services.critic import prompt as critic_prompt
from also.services.generator.expert.rules import check_names
from also.services.generator.llm import prompt as generator_prompt
from also.shaping.rules import check_config
from also.v1.llm_pb2 import LlmEndpoint
from also.v1.task_pb2 import TaskCard

CARDS = sorted((Path(__file__).parent.parent / "cards").glob("*.yaml"))
ROOM = Room(evidence_tokens=2000)


@pytest.fixture(scope="module")
def campaign():
    """A campaign without shaping of its own, every default filled in, and an LLM for both minds."""
    found = recorded.campaigns()[0].campaign
    asked = backends.llm(LlmEndpoint(url="http://127.0.0.1:1/v1"))
    found.critic.CopyFrom(asked.critic)
    found.generator.CopyFrom(asked.generator)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("file", CARDS, ids=lambda each: each.stem)
def test_they_can_be_asked_on_any_card(campaign, file):
    """Inside the limits, with a valid incumbent and names of the card; both minds make their prompts of them."""
    card = document.read(TaskCard, yaml.safe_load(file.read_text(encoding="utf-8")))
    asked, wanted = largest.diagnosis(campaign, card), largest.proposal(campaign, card)
    limits.check(asked, "question")
    limits.check(wanted, "question")
    check_names(wanted)
    check_config(wanted.incumbent, card, campaign.learner.gamma)
    assert critic_prompt.render(asked, estimate, ROOM).messages
    assert generator_prompt.render(wanted, estimate, ROOM).messages


@pytest.mark.slow
def test_no_recorded_question_is_longer(campaign):
    """What a server takes of them it takes of every moment that was recorded."""
    asked = backends.llm(LlmEndpoint(url="http://127.0.0.1:1/v1"))
    lengths, largest_of = [], {}
    for moment in recorded.situations():
        state = moments.before_diagnosis(moment, asked.critic, asked.generator)
        card = state.card
        if card.task not in largest_of:
            question = critic_prompt.render(largest.diagnosis(state.campaign, card), estimate, ROOM)
            largest_of[card.task] = estimate_messages(question.messages)
        request = requests.diagnose("test", state, state.stage_under_way)
        length = estimate_messages(critic_prompt.render(request, estimate, ROOM).messages)
        lengths.append(length / largest_of[card.task])
    assert max(lengths) <= 1
