"""Replies of LLMs that proved right, as rows for supervised fine-tuning.

A candidate proved right when it was promoted and the promotion was not rolled back; a finding when its remedy helped
(`also.campaign.remedies`). A row is a prompt and one reply to it, in one of two forms:

- TRL's conversational prompt-completion form: `prompt` and `completion`, lists of chat messages; the loss is the
  completion's;
- Axolotl's `chat_template` form: `messages`, the reply last; it trains on the assistant's turns.
"""

from collections.abc import Iterator
from typing import Any

from also.campaign import exchanges, remedies
from also.campaign.exchanges import Messages
from also.campaign.state import State
from also.store import Store
from also.v1.verdict_pb2 import Candidate


def demonstrations(state: State, campaign_id: str, store: Store) -> Iterator[tuple[Messages, Messages]]:
    """Prompts of a campaign with replies that proved right: diagnoses, then candidates, each in order of stage.

    Arguments and errors are those of `remedies.pairs`.
    """
    for each in remedies.helped(state):
        finding = remedies.words(each.finding, each.use, campaign_id, store)
        yield exchanges.asked(campaign_id, each.use.exchange, store), exchanges.said({"findings": [finding]})
    for candidate in _promoted(state):
        prompt = exchanges.asked(campaign_id, candidate.origin.exchange, store)
        yield prompt, exchanges.proposed(candidate, campaign_id, store)


def for_trl(prompt: Messages, reply: Messages) -> dict[str, Any]:
    """A row in TRL's form."""
    return {"prompt": prompt, "completion": reply}


def for_axolotl(prompt: Messages, reply: Messages) -> dict[str, Any]:
    """A row in Axolotl's form."""
    return {"messages": [*prompt, *reply]}


def _promoted(state: State) -> Iterator[Candidate]:
    """Candidates of LLMs that were promoted, but for those that were rolled back."""
    for stage in state.lineage:
        candidate = remedies.promoted_candidate(stage)
        if candidate is not None and stage.number not in state.undone and candidate.HasField("origin"):
            yield candidate
