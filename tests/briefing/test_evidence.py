"""Evidence fits into the tokens that it is given, and its paths are exactly what it shows."""

import re
from itertools import pairwise

import pytest

from also.briefing.aliases import Aliases
from also.briefing.evidence import citable_paths, evidence_section
from also.v1.evidence_pb2 import Evidence
from also.v1.shaping_pb2 import TermActivity

ROOM = 10**6
PESSIMISTIC = {"two characters a token": lambda text: len(text) // 2, "one character a token": len}


def shown(card, evidence, most_tokens=ROOM, count=len):
    """The section of a card's evidence, under aliases."""
    aliases = Aliases(card)
    return evidence_section(aliases.card, aliases.evidence(evidence), most_tokens=most_tokens, count=count)


def cells(text):
    """Every number of a section's tables that may be cited, by the path that its place gives it."""
    found = {}
    for block in text.split("\n\n")[1:]:
        heading, header, *rows = block.split("\n")
        title, note = re.fullmatch(r"\[(.+?)\](.*)", heading).groups()
        if title == "curve":
            column, points = re.fullmatch(r"NAME=(\w+): (.+)", header).groups()
            pairs = (point.split("=") for point in points.split(" "))
            found |= {f"curve.{name}.{column}": value for name, value in pairs}
            continue
        columns = header.split(" | ")
        for row in rows:
            values = row.split(" | ")
            assert len(values) == len(columns)
            named = columns[0] == "NAME"
            owner = ("" if title == "stage" else f"{title}.") + (f"{values[0]}." if named else "")
            if "not to be cited" not in note:
                found |= {f"{owner}{column}": value for column, value in zip(columns, values, strict=True)}
                found.pop(f"{owner}NAME", None)
    return found


def value_at(evidence: Evidence, path: str) -> float:
    """The number at a path of evidence under aliases whose names have no dots."""
    *owner, leaf = path.split(".")
    message = evidence
    if owner:
        message = getattr(evidence, owner[0])
    if len(owner) == 2:
        named = {next(iter(item.ListFields()))[1]: item for item in message}
        message = message[int(owner[1])] if owner[0] == "curve" else named[owner[1]]
    return getattr(message, leaf)


def test_paths_are_exactly_what_the_tables_show(foraging, evidence):
    """Each path is a cell, each cell a path, and the number is the evidence's to three digits."""
    evidence.terms.add(term="approach", firing_rate=0.9, reward_share=1 / 3)
    section = shown(foraging, evidence)
    found = cells(section.text)
    assert section.paths == tuple(found)
    for path, value in found.items():
        assert float(value) == pytest.approx(value_at(evidence, path), rel=0.005)
    assert found["terms.approach.reward_share"] == "0.333"


@pytest.mark.parametrize("most_tokens", [200, 500, 1000, 2000, 4000, 8000])
@pytest.mark.parametrize("count", PESSIMISTIC.values(), ids=PESSIMISTIC)
def test_the_largest_evidence_keeps_the_limit_of_tokens(largest, largest_evidence, most_tokens, count):
    """64 agents, 64 features, 16 milestones and 8 terms with the longest names, by counters that see the worst."""
    section = shown(largest, largest_evidence, most_tokens, count)
    assert count(section.text) <= most_tokens
    assert section.paths == tuple(cells(section.text))
    assert "success_rate" in section.paths


def test_less_room_never_shows_more(largest, largest_evidence):
    """What a smaller section shows, every larger one does."""
    sections = [shown(largest, largest_evidence, room) for room in (40_000, 20_000, 8000, 6000, 4000, 2500, 1500, 300)]
    for more, less in pairwise(sections):
        assert set(less.paths) <= set(more.paths)
        assert len(less.text) < len(more.text)


def test_everything_that_can_be_cited_is_what_the_fullest_level_shows(largest, largest_evidence):
    """A citation of any level is one of these."""
    aliases = Aliases(largest)
    every = citable_paths(aliases.card, aliases.evidence(largest_evidence))
    assert every == shown(largest, largest_evidence).paths
    assert set(shown(largest, largest_evidence, 1000).paths) < set(every)


def test_a_limit_that_nothing_keeps_still_gives_the_smallest_section(foraging, evidence):
    """The shares of the stage are always there."""
    assert shown(foraging, evidence, 0).paths == (
        "success_rate", "milestone_score", "mean_length", "return_low", "return_high",
    )  # fmt: skip


def test_the_features_that_tell_least_go_first(foraging, evidence):
    """Those of the missing milestone stay, then those that differ between success and failure."""
    foraging.features.add(name="telling", scope=3, minimum=0, maximum=1)
    for index in range(60):
        foraging.features.add(name=f"filler_{index}", scope=3, minimum=0, maximum=1)
    for feature in foraging.features[12:]:
        evidence.features.add(feature=feature.name, effect_size=2.0 if feature.name == "telling" else 0.1)
    section = shown(foraging, evidence, 800, lambda text: len(text) // 3)
    features = {path.split(".")[1] for path in section.paths if path.startswith("features.")}
    assert {"level_at_food_share", "team_food_distance", "adjacent_to_food", "telling"} <= features
    assert len(features) < 40


def test_success_is_compared_with_failure_only_where_there_are_both(foraging, evidence):
    """A mean over no episode is not shown as 0."""
    evidence.returns.maximum = 0
    assert "features.idle.effect_size" not in shown(foraging, evidence).paths
    assert "no episode has a positive return" in shown(foraging, evidence).text
    evidence.returns.minimum = evidence.returns.maximum = 1
    assert "features.idle.mean_failed" not in shown(foraging, evidence).paths
    assert "every episode has a positive return" in shown(foraging, evidence).text


def test_agents_that_cannot_idle_have_no_contribution(foraging, evidence):
    """What was not measured is not shown as 0."""
    foraging.action_space.idle = -1
    paths = shown(foraging, evidence).paths
    assert "agents.agent_0.action_entropy" in paths
    assert "agents.agent_0.contribution" not in paths and "agents.agent_0.idle_rate" not in paths


def test_evidence_without_optimiser_figures_shows_none(foraging, evidence):
    """An absent message is not shown as zeros."""
    evidence.ClearField("optimisation")
    assert "optimisation" not in shown(foraging, evidence).text


def test_q_learning_shows_its_own_figures_and_says_what_they_are(foraging, evidence):
    """In place of the optimiser's; a finding may cite them, and the leanest level leaves them out."""
    evidence.ClearField("optimisation")
    evidence.value_learning.epsilon = 0.25
    section = shown(foraging, evidence)
    assert "[value_learning] Q-learning of one value of the team" in section.text
    assert "value_learning.td_error" in section.paths
    assert not any(path.startswith("optimisation.") for path in section.paths)
    assert "value_learning" not in shown(foraging, evidence, 80).text


def test_names_that_the_card_does_not_have_are_left_out(foraging, evidence):
    """Nothing else can name what it likes in a table."""
    evidence.milestones.add(milestone="x | 1\n[stage]")
    evidence.features.add(feature="stranger")
    evidence.agents.add(agent="stranger")
    evidence.terms.append(TermActivity(term="Not a name"))
    assert shown(foraging, evidence) == shown(foraging, evidence_without_strangers(evidence))


def evidence_without_strangers(evidence):
    """The same evidence before the strangers came."""
    copy = Evidence()
    copy.CopyFrom(evidence)
    del copy.milestones[-1], copy.features[-1], copy.agents[-1], copy.terms[-1]
    return copy


def test_of_two_items_with_one_name_the_first_is_shown(foraging, evidence):
    """A path means one number."""
    evidence.terms.add(term="twice", firing_rate=0.5)
    evidence.terms.add(term="twice", firing_rate=0.75)
    evidence.features.add(feature="idle", mean=0.75)
    found = cells(shown(foraging, evidence).text)
    assert found["terms.twice.firing_rate"] == "0.5"
    assert found["features.idle.mean"] == "0.25"
