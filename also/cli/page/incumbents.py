"""The incumbent's terms as they changed: for each promotion and rollback, what was taken away and what came."""

from collections.abc import Iterator
from dataclasses import dataclass

from also.campaign.state import Stage, State
from also.cli import describe
from also.cli.page import decisions
from also.cli.page.account import Account
from also.cli.page.markup import Html, element, joined
from also.v1.journal_pb2 import Promoted, RolledBack
from also.v1.shaping_pb2 import ShapingConfig, ShapingTerm

REMOVED, ADDED, KEPT = "−", "+", " "
"""What stands before a term, as in a diff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One term before and after a change."""

    sign: str
    """`REMOVED`, `ADDED` or `KEPT`."""
    name: str
    """Name of the term."""
    words: str
    """The term in words."""
    reason: str = ""
    """Why, in the words of who proposed it; empty for terms that go or stay."""


def changes(before: ShapingConfig, after: ShapingConfig) -> list[Change]:
    """What a new incumbent changes, term by term; terms are the same where their names are."""
    old, new = ({term.name: term for term in config.terms} for config in (before, after))
    found: list[Change] = []
    for name in dict.fromkeys([*old, *new]):
        found += _changes(name, old.get(name), new.get(name))
    return found


def _changes(name: str, old: ShapingTerm | None, new: ShapingTerm | None) -> Iterator[Change]:
    given = [ShapingConfig(terms=[term]) for term in (old, new) if term is not None]
    words = describe.configs(given)
    if old is not None and new is not None and len(set(words)) == 1:
        yield Change(sign=KEPT, name=name, words=words[0])
        return
    if old is not None:
        yield Change(sign=REMOVED, name=name, words=words[0])
    if new is not None:
        yield Change(sign=ADDED, name=name, words=words[-1], reason=new.reason)


def incumbents(account: Account) -> Html:
    """The configs that were in office, each as what it changed."""
    state = account.state
    first = state.campaign.shaping
    parts = [_entry("from the start", None, changes(ShapingConfig(), first))]
    for stage in state.stages:
        if isinstance(stage.decision, Promoted | RolledBack):
            parts.append(
                _entry(_told(state, stage), stage, changes(stage.incumbent.config, stage.decision.config), state)
            )
    return element("ol", *parts, class_="incumbents")


def _told(state: State, stage: Stage) -> str:
    undone = decisions.undone_in(state, stage)
    return describe.decision(stage) + (f", undone in stage {undone}" if undone is not None else "")


def _entry(words: str, stage: Stage | None, found: list[Change], state: State | None = None) -> Html:
    lines = [_line(each) for each in found] or [element("li", "no shaping", class_="kept")]
    if stage is None or state is None:
        told = element("p", words, class_="when")
    else:
        told = element(
            "p",
            decisions.icon(decisions.kind(state, stage)),
            element("a", f"after stage {stage.number}", href=f"#stage-{stage.number}"),
            f": {words}",
            class_="when",
        )
    return element("li", told, element("ul", *lines, class_="diff"))


def _line(change: Change) -> Html:
    class_ = {REMOVED: "removed", ADDED: "added", KEPT: "kept"}[change.sign]
    spoken = {REMOVED: "removed: ", ADDED: "added: ", KEPT: ""}[change.sign]
    shown = [element("span", change.sign, class_="sign", aria_hidden="true"), element("span", spoken, class_="spoken")]
    why = element("small", change.reason) if change.reason else None
    return element("li", joined(shown), element("code", change.words), why, class_=class_, title=change.name)
