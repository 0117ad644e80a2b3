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
        """The stored prompt; None where there is none yet.

        Raises:
            StoreError, DocumentError: the store cannot be read, or the object is damaged.
        """
        try:
            return self._store.get_message(keys.llm_prompt(self._campaign_id, self.id), LlmPrompt)
        except MissingObjectError:
            return None

    def keep_prompt(self, prompt: LlmPrompt) -> LlmPrompt:
        """Store the prompt, and return the one that is stored: another process may have been faster.

        Raises:
            StoreError: the store cannot be written.
        """
        if self._store.create_message(keys.llm_prompt(self._campaign_id, self.id), prompt):
            return prompt
        stored = self.prompt()
        assert stored is not None, "what could not be created is there"
        return stored

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
