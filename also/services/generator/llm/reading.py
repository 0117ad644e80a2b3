"""What an LLM has replied, as proposals: each candidate on its own, so that a wrong one spoils no other.

A candidate is used when it follows the schema, passes the rules that every config passes, makes sense, and is new.
When none does, the reply cannot be used, and the error says why for each: that is what the LLM is told
for its one repair. That all of them are old is such an error too, for the LLM may know others. If its
repair is old again it knows none, and an empty list says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from also.errors import ShapingError
from also.llm.conformance import fault
from also.llm.question import Choice, Contradiction, Reply, ReplyError
from also.llm.schemas import Schema
from also.services.generator.configs import fit_caps
from also.services.generator.llm.edits import edited
from also.services.generator.llm.offer import Offer, offer
from also.services.generator.llm.schema import LONGEST_REASON, WHOLE, candidate_schema, kinds, wants_list
from also.services.generator.llm.sense import senseless
from also.services.generator.proposal import Proposal
from also.shaping.identity import config_hash
from also.shaping.rules import check_config
from also.v1.generator_pb2 import ProposeRequest
from also.v1.llm_pb2 import LlmOrigin
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.verdict_pb2 import OUTCOME_INCONCLUSIVE

MOST_READ = 64
"""Candidates of a choice that are read at most."""

_MOST_ERRORS = 8


class _Refused(Exception):
    """A candidate cannot be used; the text says why."""


class _Old(_Refused):
    """A candidate is valid, but nothing new."""


class _Senseless(_Refused):
    """A candidate is valid, and pays for what nobody can want."""


def read(reply: Reply, request: ProposeRequest) -> list[Proposal]:
    """Proposals of a reply, in its order, under the card's own names: valid and new ones only.

    Args:
        reply: one reply.
        request: as it came; what could be chosen from follows from it.

    Returns:
        At least one proposal; none where the reply is a repair that holds nothing but old ones.

    Raises:
        Contradiction: no candidate can be used, and some of them pay for what the card denies.
        ReplyError: no candidate can be used.
    """
    offered = offer(request)
    schema = candidate_schema(offered, WHOLE)
    seen = _old(request)
    proposals: list[Proposal] = []
    refusals: list[_Refused] = []
    for choice in reply.choices:
        for number, item in enumerate(_items(choice, wants_list(request), [kind.name for kind in kinds(offered)])):
            try:
                config = _config(offered, schema, item)
                identity = config_hash(fit_caps(config, request.card, request.gamma))
                if identity in seen:
                    raise _Old(f"{item.path} {seen[identity]}")
            except _Refused as refusal:
                refusals.append(refusal)
                continue
            seen[identity] = "is there twice"
            origin = LlmOrigin(exchange=reply.exchange, reply=reply.number, choice=choice.index, item=number)
            proposals.append(Proposal(config=config, finding=int(item.data["finding"]), origin=origin))
    knows_no_more = reply.number > 0 and refusals and all(isinstance(refusal, _Old) for refusal in refusals)
    if not proposals and not knows_no_more:
        kind = Contradiction if any(isinstance(each, _Senseless) for each in refusals) else ReplyError
        raise kind("; ".join(str(refusal) for refusal in refusals[:_MOST_ERRORS]))
    return proposals


def _old(request: ProposeRequest) -> dict[str, str]:
    """What makes a config old, by its hash. What an earlier stage could not judge may be proposed again."""
    old = {config_hash(request.incumbent): "changes nothing"}
    for trial in request.trials:
        if trial.verdict.outcome == OUTCOME_INCONCLUSIVE and trial.stage != request.stage:
            continue
        old.setdefault(trial.candidate.config_hash, f"was tried before, in stage {trial.stage}, round {trial.round}")
    return old


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """What stands where a candidate should be."""

    path: str
    data: Any = None
    wrong: str = ""
    """Why there are no data; empty where there are."""


def _items(choice: Choice, in_list: bool, leads: Sequence[str]) -> list[_Item]:
    """A choice's candidates in order, or the one thing that is wrong with all of it.

    Args:
        choice: the choice.
        in_list: whether it holds several.
        leads: fields of those that lead the list; one that is missing spoils no other.
    """
    whole = f"choice {choice.index}"
    if choice.error:
        return [_Item(path=whole, wrong=choice.error)]
    if not in_list:
        return [_Item(path=whole, data=choice.data)]
    data = choice.data if isinstance(choice.data, dict) else {}
    first = [_Item(path=name, data=data[name]) for name in leads if name in data]
    listed = data.get("candidates")
    if not isinstance(listed, list) or not listed:
        missing = _Item(path="candidates", wrong="is missing or empty; allowed: a list of candidates")
        return first or [missing]
    return first + [_Item(path=f"candidates[{index}]", data=data) for index, data in enumerate(listed[:MOST_READ])]


def _config(offered: Offer, schema: Schema, item: _Item) -> ShapingConfig:
    """The config of a candidate, under the card's own names.

    Raises:
        _Refused: it breaks the schema or a rule, or makes no sense.
    """
    if item.wrong:
        raise _Refused(f"{item.path}: {item.wrong}")
    data = _with_short_reason(item.data)
    wrong = fault(schema, data, item.path)
    if wrong:
        raise _Refused(wrong)
    config = edited(offered, data)
    card, gamma = offered.aliases.card, offered.request.gamma
    try:
        check_config(fit_caps(config, card, gamma), card, gamma)
    except ShapingError as error:
        raise _Refused(f"{item.path}: {error}") from None
    if wrong := "; ".join(senseless(config, offered.request.incumbent, card)):
        raise _Senseless(f"{item.path}: {wrong}")
    return offered.aliases.real_config(config)


def _with_short_reason(data: Any) -> Any:
    """Data with a reason that is cut off where it is too long: it has no effect, and not every server bounds it."""
    if isinstance(data, dict) and isinstance(data.get("reason"), str):
        return {**data, "reason": data["reason"][:LONGEST_REASON]}
    return data
