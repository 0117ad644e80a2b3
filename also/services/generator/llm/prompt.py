"""The generator's prompt: a pure function of the request, with what stays the same over a campaign first.

The system message is the same in every campaign, the card in every stage, and all but the trials of a
stage in each of its rounds, so that a server that keeps the prefixes of earlier prompts reads little anew.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from also import enums
from also.briefing import prompt
from also.briefing.card import card_section
from also.briefing.config import config_lines
from also.briefing.evidence import evidence_section
from also.briefing.history import trials_section
from also.briefing.table import name, number
from also.llm.question import CountTokens, Rendered, Room
from also.llm.quoting import quoted
from also.services.generator.llm.choices import choices_section, levels_section
from also.services.generator.llm.offer import Offer, offer
from also.services.generator.llm.schema import (
    OTHER_FORM,
    OWN_POTENTIAL,
    POTENTIAL,
    TEAM_POTENTIAL,
    kinds,
    reply_schema,
    wants_list,
)
from also.services.generator.proposal import candidates_wanted
from also.v1 import diagnosis_pb2 as dp
from also.v1.generator_pb2 import ProposeRequest
from also.v1.llm_pb2 import LlmMessage

PROMPTS = Path(__file__).parent / "prompts"
"""Folder of the generator's own prompt files."""

SHARED = ("about", "catalogue", "evidence")
"""Texts of both minds that the system message is made from."""

MOST_TRIALS = 16
"""Trials of this stage that are shown at most, the latest ones."""

MOST_EARLIER_TRIALS = 8
"""Trials of earlier stages that are shown at most, the latest ones."""

_ADDED = {
    POTENTIAL.name: "potentials and nothing else",
    OWN_POTENTIAL.name: "potentials for agents or roles and nothing else",
    TEAM_POTENTIAL.name: "potentials for the team and nothing else",
    OTHER_FORM.name: "terms of other forms than potential and nothing else",
}
"""What the candidates that lead a list may add, in words."""

_SUMMARY = 300
_PATH = re.compile(r"[a-z0-9_.]{1,120}")


def sha256() -> str:
    """sha256, hex, over the files that the prompt is made from."""
    return prompt.prompt_sha256(*(prompt.TEXTS / f"{name}.md" for name in SHARED), PROMPTS)


def render(request: ProposeRequest, count: CountTokens, room: Room) -> Rendered:
    """What an LLM is asked for a round's candidates.

    Args:
        request: the request; its limits are kept.
        count: counts the tokens of a text.
        room: how much it may show.
    """
    offered = offer(request)
    aliased = offered.request
    now = [offered.aliases.trial(trial) for trial in request.trials if trial.stage == request.stage]
    earlier = [offered.aliases.trial(trial) for trial in request.trials if trial.stage != request.stage]
    evidence = evidence_section(aliased.card, aliased.evidence, most_tokens=room.evidence_tokens, count=count)
    system = prompt.fill(
        prompt.text("system", PROMPTS), levels=levels_section(), **{text: prompt.text(text) for text in SHARED}
    )
    question = prompt.fill(
        prompt.text("question", PROMPTS),
        card=card_section(aliased.card),
        choices=choices_section(offered),
        earlier=trials_section(earlier, most=room.most(MOST_EARLIER_TRIALS)),
        incumbent=config_lines(aliased.incumbent),
        evidence=evidence.text,
        diagnosis="\n".join(_diagnosis(aliased.diagnosis)),
        trials=trials_section(now, most=room.most(MOST_TRIALS)),
        question=_question(offered),
    )
    return Rendered(
        messages=[LlmMessage(role="system", content=system), LlmMessage(role="user", content=question)],
        schema=reply_schema(offered),
    )


def _diagnosis(diagnosis: dp.Diagnosis) -> Iterator[str]:
    phase = enums.short_name(dp.LearningPhase.DESCRIPTOR, diagnosis.phase) if diagnosis.phase else "unknown"
    yield f"phase: {phase}"
    if not diagnosis.findings:
        yield "No finding: judge by the evidence what is missing, and give -1 as finding."
    for index, finding in enumerate(diagnosis.findings):
        yield f"finding {index}: {', '.join(_finding(finding))}"
        if finding.citations:
            yield f"  rests on {', '.join(_cited(citation) for citation in finding.citations)}"
        if finding.summary:
            yield f"  in the critic's words: {quoted(finding.summary, _SUMMARY)}"


def _finding(finding: dp.Finding) -> Iterator[str]:
    yield enums.short_name(dp.FailureMode.DESCRIPTOR, finding.mode)
    yield f"remedy {enums.short_name(dp.Remedy.DESCRIPTOR, finding.remedy)}"
    for kind in ("milestone", "feature", "agent", "term"):
        if about := getattr(finding, kind):
            yield f"{kind} {name(about)}"
    yield f"severity {number(finding.severity)}"
    yield f"confidence {number(finding.confidence)}"


def _cited(citation: dp.Citation) -> str:
    item = citation.item if _PATH.fullmatch(citation.item) else quoted(citation.item, 120)
    return f"{item} = {number(citation.value)}"


def _question(offered: Offer) -> str:
    request = offered.request
    round_ = f"round {request.round} of stage {request.stage}"
    if not wants_list(request):
        return f"Propose one candidate for {round_}. Answer with that candidate alone, as one JSON object."
    wanted, leads = candidates_wanted(request), [kind.name for kind in kinds(offered)]
    asked = "one candidate" if wanted == 1 else f"{wanted} candidates that differ in kind, the most promising first,"
    fields = [f'"{name}":CANDIDATE' for name in leads]
    if wanted > len(leads):
        fields.append('"candidates":[CANDIDATE, ...]')
    text = f"Propose {asked} for {round_}. Answer with one JSON object: {{{','.join(fields)}}}"
    if not leads:
        return text
    more = ["candidates add potentials without gate and schedule."] if wanted > len(leads) else []
    return "\n".join(
        [f"{text}. Of these", *(f"- {name} adds {_ADDED[name]};" for name in leads), *(f"- {each}" for each in more)]
    )
