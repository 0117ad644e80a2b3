"""A card shows what the team has to do; what a user wrote in it stays quoted data."""

import re

from also.briefing.aliases import Aliases
from also.briefing.card import card_section
from also.v1.task_pb2 import ACTION_KIND_CONTINUOUS


def skeleton(text):
    """A text with every quoted string emptied."""
    return re.sub(r'"[^"\n]*"', '""', text)


def described(card, text):
    """A copy of a card with a text in every place where a user may write one."""
    copy = type(card)()
    copy.CopyFrom(card)
    copy.task, copy.description = text, text
    copy.agents[:] = [f"{text[:46]}{index}" for index in range(len(card.agents))]
    copy.roles.add(name=text[:48], agents=[0, 1])
    copy.action_space.names[:] = [text] * len(card.action_space.names)
    for feature in copy.features:
        feature.unit, feature.description = text[:24], text[:200]
    for milestone in copy.milestones:
        milestone.description = text[:200]
    return copy


def test_the_card_shows_all_that_it_knows(foraging):
    """Agents, actions, limits, features and milestones."""
    foraging.roles.add(name="pair", agents=[0, 1])
    foraging.features[0].description = "Cells to walk."
    shown = card_section(Aliases(foraging).card).splitlines()
    assert 'task: "foraging/8x8-2p-2f-coop"' in shown
    assert "agents: agent_0, agent_1" in shown
    assert "roles: role_0 (agent_0, agent_1)" in shown
    assert "return of an episode: smallest positive 0.5, largest 1" in shown
    assert 'nearest_food_distance | agent | state | "cells" | 0 to 12 | lower | "Cells to walk."' in shown
    assert "reached_food | max adjacent_to_food | 1 | 1 | nearest_food_distance | -" in shown


def test_continuous_actions_have_no_names(foraging):
    """Only how many there are."""
    foraging.action_space.kind = ACTION_KIND_CONTINUOUS
    assert "actions of each agent: 6 real numbers" in card_section(foraging)


def test_no_text_of_a_user_leaves_its_quotes(foraging, injections):
    """Whatever is written, the section differs from a harmless one only inside quotes."""
    assert len(injections) >= 50
    harmless = skeleton(card_section(Aliases(described(foraging, "harmless")).card))
    for text in injections:
        shown = card_section(Aliases(described(foraging, text)).card)
        assert skeleton(shown) == harmless, text
        assert shown.isascii() and shown.isprintable() is False and set(shown) - set("\n") <= SAFE, text


SAFE = set(map(chr, range(32, 127))) - set("<>{}`$#*&^~")
"""What may stand in a card's section: no bracket of a chat template or of markup, no heading, no template sign."""


def test_names_of_agents_and_roles_are_never_shown(foraging, injections):
    """Neither quoted nor escaped: the section is the same whatever they are."""
    foraging.roles.add(name="harmless", agents=[0, 1])
    before = card_section(Aliases(foraging).card)
    for text in injections:
        foraging.agents[:] = [f"{text[:46]}{index}" for index in range(2)]
        foraging.roles[0].name = text[:48]
        assert card_section(Aliases(foraging).card) == before


def test_long_texts_are_cut(foraging):
    """However much a user writes, a card's section is bounded."""
    described_at_length = described(foraging, "\u4e2d" * 2000)
    assert len(card_section(Aliases(described_at_length).card)) < 30_000
