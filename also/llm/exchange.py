"""Exchanges in the object store: a prompt, and the raw replies to it, each created once.

The prompt is stored before the first call and a reply before it is read, under an id that follows from
the question. So a crash never pays for a reply twice, what was said can be read years later, and the same
question is answered again without any LLM.
"""

import hashlib

from also import keys
from also.errors import MissingObjectError
from also.llm.question import Question
from also.store import Store
from also.v1.llm_pb2 import LlmPrompt, LlmReply


class Exchange:
    """One question's place in the object store."""

    def __init__(self, store: Store, question: Question) -> None:
        """Nothing is read or written yet."""
        self._store = store
        self._campaign_id = question.campaign_id
        self.id = hashlib.sha256(f"{question.prompt_sha256} {question.request_sha256}".encode()).hexdigest()

    def prompt(self) -> LlmPrompt | None:
        """The stored prompt, the shorter one where there are two; None where there is none yet.

        Raises:
            StoreError, DocumentError: the store cannot be read, or the object is damaged.
        """
        return stored_prompt(self._store, self._campaign_id, self.id)

    def keep_prompt(self, prompt: LlmPrompt, *, shorter: bool = False) -> LlmPrompt:
        """Store the prompt, and return the one that is stored: another process may have been faster.

        Args:
            prompt: the prompt.
            shorter: whether it takes the place of one that the server found too long.

        Raises:
            StoreError: the store cannot be written.
        """
        if self._store.create_message(keys.llm_prompt(self._campaign_id, self.id, shorter=shorter), prompt):
            return prompt
        stored = self.prompt()
        assert stored is not None, "what could not be created is there"
        return stored

    def shortened(self) -> bool:
        """Whether a shorter prompt is stored already.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store.exists(keys.llm_prompt(self._campaign_id, self.id, shorter=True))

    def reply(self, number: int) -> LlmReply | None:
        """A stored reply; None where there is none yet.

        Raises:
            StoreError, DocumentError: as `prompt`.
        """
        try:
            return self._store.get_message(keys.llm_reply(self._campaign_id, self.id, number), LlmReply)
        except MissingObjectError:
            return None

    def keep_reply(self, number: int, reply: LlmReply) -> LlmReply:
        """Store a reply, and return the one that is stored: the first one counts.

        Raises:
            StoreError: the store cannot be written.
        """
        if self._store.create_message(keys.llm_reply(self._campaign_id, self.id, number), reply):
            return reply
        stored = self.reply(number)
        assert stored is not None, "what could not be created is there"
        return stored


def stored_prompt(store: Store, campaign_id: str, exchange: str) -> LlmPrompt | None:
    """The prompt that an exchange's replies answer: the shorter one where there are two; None where there is none.

    Raises:
        StoreError, DocumentError: as `Exchange.prompt`.
    """
    for shorter in (True, False):
        try:
            return store.get_message(keys.llm_prompt(campaign_id, exchange, shorter=shorter), LlmPrompt)
        except MissingObjectError:
            continue
    return None
