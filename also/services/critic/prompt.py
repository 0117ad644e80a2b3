"""The critic's prompt: a pure function of the request, with what stays the same over a campaign first.

A server that keeps the prefixes of earlier prompts then reads only what is new: the system message is the
same in every campaign, the card in every stage, and the history grows at its end.
"""

from pathlib import Path

from also.briefing import prompt
from also.briefing.aliases import Aliases
from also.briefing.card import card_section
from also.briefing.config import config_lines
from also.briefing.evidence import evidence_section
from also.briefing.history import MOST_STAGES, past_section, trials_section
from also.llm.question import CountTokens, Rendered, Room
from also.services.critic.case import read_case
from also.services.critic.choices import choices
from also.services.critic.facts import facts
from also.services.critic.schema import diagnosis_schema
from also.v1.critic_pb2 import DiagnoseRequest
from also.v1.llm_pb2 import LlmMessage

PROMPTS = Path(__file__).parent / "prompts"
"""Folder of the critic's own prompt files."""

SHARED = ("about", "phases", "evidence", "history")
"""Texts of both minds that the system message is made from."""

MOST_TRIALS = 12
"""Trials that are shown at most, the latest ones."""


def sha256() -> str:
    """sha256, hex, over the files that the prompt is made from."""
    return prompt.prompt_sha256(*(prompt.TEXTS / f"{name}.md" for name in SHARED), PROMPTS)


def render(request: DiagnoseRequest, count: CountTokens, room: Room) -> Rendered:
    """What an LLM is asked for a request's last stage.

    Args:
        request: the request; its limits are kept.
        count: counts the tokens of a text.
        room: how much it may show.
    """
    case = read_case(request)
    aliases = Aliases(request.card)
    now, incumbent = aliases.evidence(request.evidence[-1]), aliases.config(request.incumbent)
    evidence = evidence_section(aliases.card, now, most_tokens=room.evidence_tokens, count=count)
    system = prompt.fill(prompt.text("system", PROMPTS), **{name: prompt.text(name) for name in SHARED})
    question = prompt.fill(
        prompt.text("question", PROMPTS),
        card=card_section(aliases.card),
        past=past_section(
            [aliases.past(stage) for stage in request.past], request.evidence, most=room.most(MOST_STAGES)
        ),
        trials=trials_section([aliases.trial(trial) for trial in request.trials], most=room.most(MOST_TRIALS)),
        incumbent=config_lines(incumbent),
        evidence=evidence.text,
        facts=facts(request, case),
        stage=str(now.stage),
    )
    return Rendered(
        messages=[LlmMessage(role="system", content=system), LlmMessage(role="user", content=question)],
        schema=diagnosis_schema(aliases.card, incumbent, evidence.paths, choices(case)),
    )
