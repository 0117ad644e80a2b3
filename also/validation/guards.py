"""Guard queries of a campaign: what may be written there, and what is asked in the end.

A guard query is PromQL, which uses braces itself, so a placeholder is a known name in braces and
nothing else, and an unknown one is refused before anything runs. What takes its place is an id
that ALSO made, never a user's or a model's text: a query cannot be changed through it.
"""

import re
from collections.abc import Sequence

from also.errors import DocumentError
from also.v1.reading_pb2 import GuardQuery

PLACEHOLDERS = ("campaign", "stage", "round", "candidate", "owner")
"""Names that may stand in braces."""

_BRACED = re.compile(r"\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}")
"""A name alone in braces; PromQL's own braces hold matchers, such as {job="also"}."""


def check(queries: Sequence[GuardQuery]) -> None:
    """Refuse guard queries of which one could not be evaluated, or could never hold.

    Raises:
        DocumentError: a name is there twice, a placeholder is unknown, or there is no condition or an empty one.
    """
    names: set[str] = set()
    for place, query in enumerate(queries):
        path = f"validation.guards[{place}]"
        if query.name in names:
            raise DocumentError(f"{path}.name {query.name!r} is there twice; each name is allowed once")
        names.add(query.name)
        unknown = [name for name in _BRACED.findall(query.query) if name not in PLACEHOLDERS]
        if unknown:
            allowed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise DocumentError(f"{path}.query has the placeholder {{{unknown[0]}}}; allowed: {allowed}")
        if not query.HasField("at_least") and not query.HasField("at_most"):
            raise DocumentError(f"{path} has no condition; at_least, at_most or both must be set")
        if query.HasField("at_least") and query.HasField("at_most") and query.at_least > query.at_most:
            raise DocumentError(
                f"{path}.at_least {query.at_least:g} is above at_most {query.at_most:g}: no value can hold"
            )


def fill(query: str, *, campaign: str, stage: int, round: int, candidate: str, owner: str = "") -> str:
    """A query with its placeholders replaced.

    Args:
        query: PromQL of a guard query.
        campaign: id of the campaign.
        stage: stage, from 0.
        round: round, from 0.
        candidate: name of the candidate that is about to be promoted.
        owner: whose the campaign's branches are, see `Settings.owner`.
    """
    ids = {"campaign": campaign, "candidate": candidate, "owner": owner}
    values = {**ids, "stage": str(stage), "round": str(round)}
    return _BRACED.sub(lambda found: values.get(found[1], found[0]), query)


def holds(query: GuardQuery, value: float) -> bool:
    """Whether a value keeps a guard query's condition; both ends are allowed.

    Args:
        query: the guard query.
        value: its result, finite.
    """
    too_low = query.HasField("at_least") and value < query.at_least
    too_high = query.HasField("at_most") and value > query.at_most
    return not too_low and not too_high


def condition(query: GuardQuery) -> str:
    """A guard query's condition in words, e.g. "at least 0.5 and at most 2"."""
    parts = [
        f"{words} {getattr(query, field):g}"
        for field, words in (("at_least", "at least"), ("at_most", "at most"))
        if query.HasField(field)
    ]
    return " and ".join(parts)
