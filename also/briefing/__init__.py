"""What both minds tell an LLM: task card, evidence, shaping configs and history as compact text.

Everything here is a pure function of messages: equal messages, equal text. Numbers and enums are shown
as they are, names of a user's agents and roles only by their aliases, and other free text only quoted.
"""
