"""The JSON of an LLM's diagnosis: the schema that its grammar is made from, and the way back to a `Diagnosis`.

A model writes properties in the schema's order, and what it has written is what it continues from. Of each
finding it first picks the numbers that it rests on, then says in a sentence what they show, which is all the
reasoning there is room for, and only then names mode, object and remedy; how grave and how sure comes last,
when there is something to weigh.

Every number is one of a few levels, and every name one that exists and can be true of the case (`choices`), so
that a reply under the grammar is short and in range. A reply is checked all the same: a server need not enforce
the schema, and no grammar compares a finding with the evidence (`contradictions`). The values of citations are
read from the evidence, whatever the model may think that they are.
"""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from also import enums, limits
from also.briefing.aliases import Aliases
from also.briefing.evidence import citable_paths
from also.errors import DocumentError
from also.llm.question import Contradiction, Reply, ReplyError
from also.llm.schemas import Schema, listed, one, record, text
from also.services.critic.case import MOST_FINDINGS, read_case
from also.services.critic.choices import FOR_TERMS, Choices, choices
from also.services.critic.citations import cite
from also.services.critic.contradictions import contradictions
from also.v1 import diagnosis_pb2 as pb
from also.v1.critic_pb2 import DiagnoseRequest
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import TaskCard
from also.words import one_line

BACKEND = "llm"
"""`backend` of the diagnoses that are read here."""

LEVELS = tuple(range(10, 101, 10))
"""Severities and confidences that a schema offers, percents: JSON grammars would print 0.1 with seventeen digits."""

MOST_CITATIONS = 6
"""Citations of a finding at most."""

LONGEST_SUMMARY = 280
"""Characters of a summary at most."""

_LISTED = 24
"""Allowed values that an error names at most."""

_MODES = enums.short_names(pb.FailureMode.DESCRIPTOR)
_REMEDIES = enums.short_names(pb.Remedy.DESCRIPTOR)


def diagnosis_schema(card: TaskCard, incumbent: ShapingConfig, paths: Sequence[str], offered: Choices) -> Schema:
    """JSON schema of a diagnosis, inside what grammars of constrained decoding support.

    Args:
        card: the task's card, with aliases.
        incumbent: the config that the stage was trained under.
        paths: paths of the evidence that may be cited; at least one.
        offered: what may be said of the case.
    """
    finding = {
        "citations": listed(one(paths), least=1, most=MOST_CITATIONS),
        "summary": text(LONGEST_SUMMARY),
        "mode": one(offered.mode_names),
        **{kind: one(names) for kind, names in _objects(card, incumbent).items()},
        "remedy": one(offered.remedy_names),
        "severity": one(LEVELS),
        "confidence": one(LEVELS),
    }
    return record({"findings": listed(record(finding), least=1, most=MOST_FINDINGS)})


def read(reply: Reply, request: DiagnoseRequest) -> pb.Diagnosis:
    """The diagnosis of a reply's first choice that has one, under the names of the request's own card.

    Equal citations are merged, and findings of one mode and milestone: the severest stays. "Nothing is wrong" is a
    finding only where it is alone, and then asks for no change. Findings are sorted by severity.

    Args:
        reply: the reply.
        request: what was asked for; its limits are kept.

    Raises:
        Contradiction: every choice that could be read says what the evidence denies.
        ReplyError: no choice has one; it says of each what is wrong, with which value, and what is allowed.
    """
    reader, problems = _Reader(request), list[ReplyError]()
    for choice in reply.choices:
        if choice.error:
            problems.append(ReplyError(choice.error))
            continue
        try:
            return reader.diagnosis(choice.data)
        except ReplyError as error:
            problems.append(error)
    kind = Contradiction if any(isinstance(each, Contradiction) for each in problems) else ReplyError
    raise kind("; ".join(dict.fromkeys(map(str, problems))) or "the reply has no choice")


class _Reader:
    """Reads findings against one request."""

    def __init__(self, request: DiagnoseRequest) -> None:
        self._aliases = Aliases(request.card)
        self._evidence = self._aliases.evidence(request.evidence[-1])
        self._paths = citable_paths(self._aliases.card, self._evidence)
        self._objects = _objects(self._aliases.card, request.incumbent)
        self._case = read_case(request)
        self._offered = choices(self._case)

    def diagnosis(self, data: Any) -> pb.Diagnosis:
        fields = _fields(data, "the reply", ("findings",))
        items = _items(fields["findings"], "findings", MOST_FINDINGS)
        findings = [self._finding(item, f"findings[{index}]") for index, item in enumerate(items)]
        diagnosis = pb.Diagnosis(
            phase=self._offered.phase,
            findings=[self._completed(self._aliases.real_finding(finding)) for finding in _merged(findings)],
            backend=BACKEND,
        )
        try:
            limits.check(diagnosis)
        except DocumentError as error:
            raise ReplyError(str(error)) from None
        denied = [denial for finding in diagnosis.findings for denial in contradictions(finding, self._case)]
        if denied:
            raise Contradiction(f"it contradicts the evidence: {'; '.join(denied)}")
        return diagnosis

    def _completed(self, finding: pb.Finding) -> pb.Finding:
        """A finding whose remedy changes a term, and that names none, is about the one that pays most."""
        if finding.remedy in FOR_TERMS and not finding.term and self._case.terms():
            finding.term = self._case.terms()[0][0].name
        return finding

    def _finding(self, data: Any, where: str) -> pb.Finding:
        names = ("citations", "summary", "mode", *self._objects, "remedy", "severity", "confidence")
        fields = _fields(data, where, names)
        cited = [
            _choice(item, f"{where}.citations[{index}]", self._paths)
            for index, item in enumerate(_items(fields["citations"], f"{where}.citations", MOST_CITATIONS))
        ]
        mode = _offered(fields["mode"], f"{where}.mode", self._offered.mode_names, _MODES)
        remedy = _offered(fields["remedy"], f"{where}.remedy", self._offered.remedy_names, _REMEDIES)
        return pb.Finding(
            mode=enums.number(pb.FailureMode.DESCRIPTOR, mode),  # type: ignore[arg-type]
            severity=_share(fields["severity"], f"{where}.severity"),
            confidence=_share(fields["confidence"], f"{where}.confidence"),
            citations=cite(self._evidence, *dict.fromkeys(cited)),
            remedy=enums.number(pb.Remedy.DESCRIPTOR, remedy),  # type: ignore[arg-type]
            summary=_summary(fields["summary"], f"{where}.summary"),
            **{kind: _choice(fields[kind], f"{where}.{kind}", names) for kind, names in self._objects.items()},
        )


def _objects(card: TaskCard, incumbent: ShapingConfig) -> dict[str, tuple[str, ...]]:
    """What a finding may be about, by the field that names it; "" is nothing."""
    return {
        "milestone": ("", *dict.fromkeys(milestone.name for milestone in card.milestones)),
        "feature": ("", *dict.fromkeys(feature.name for feature in card.features)),
        "agent": ("", *card.agents),
        "term": ("", *dict.fromkeys(term.name for term in incumbent.terms)),
    }


def _merged(findings: Iterable[pb.Finding]) -> list[pb.Finding]:
    """One finding of each mode and milestone, the most severe first."""
    kept: dict[tuple[pb.FailureMode, str], pb.Finding] = {}
    for finding in sorted(findings, key=lambda finding: -finding.severity):
        if finding.mode == pb.FAILURE_MODE_NONE:
            finding.remedy, finding.severity = pb.REMEDY_KEEP, 0.0
        if finding.mode == pb.FAILURE_MODE_REWARD_NOT_SPARSE:
            finding.remedy = pb.REMEDY_KEEP
        kept.setdefault((finding.mode, finding.milestone), finding)
    wrong = [finding for finding in kept.values() if finding.mode != pb.FAILURE_MODE_NONE]
    return wrong or list(kept.values())[:1]


def _fields(data: Any, where: str, names: Sequence[str]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ReplyError(f"{where} is {_shown(data)}; an object with the keys {', '.join(names)} is expected")
    for name in data:
        if name not in names:
            raise ReplyError(f"{where} has the key {_shown(name)}; allowed: {', '.join(names)}")
    for name in names:
        if name not in data:
            raise ReplyError(f"{where} has no key {name!r}; all of these are needed: {', '.join(names)}")
    return data


def _items(data: Any, where: str, most: int) -> list[Any]:
    if not isinstance(data, list) or not 1 <= len(data) <= most:
        found = f"a list of {len(data)} items" if isinstance(data, list) else _shown(data)
        raise ReplyError(f"{where} is {found}; a list of 1 to {most} items is expected")
    return data


def _choice(data: Any, where: str, allowed: Sequence[str]) -> str:
    if not isinstance(data, str) or data not in allowed:
        raise ReplyError(f"{where} is {_shown(data)}; allowed: {_listed(data, allowed)}")
    return data


def _offered(data: Any, where: str, offered: Sequence[str], known: Sequence[str]) -> str:
    """One of what is offered; what is known, and cannot be true of this case, is a contradiction."""
    if data in known and data not in offered:
        raise Contradiction(f"{where} is {_shown(data)}, which the evidence rules out; allowed: {', '.join(offered)}")
    return _choice(data, where, offered)


def _listed(data: Any, allowed: Sequence[str]) -> str:
    """Allowed values; of very many those that are most like what was given."""
    if len(allowed) <= _LISTED:
        return ", ".join(map(repr, allowed))
    like = difflib.get_close_matches(str(data)[:120], allowed, _LISTED, 0) if isinstance(data, str) else []
    return f"{', '.join(map(repr, like or allowed[:_LISTED]))} and others, {len(allowed)} in all"


def _share(data: Any, where: str) -> float:
    """A share of whole percents; the levels of the schema are there for the grammar, others mean something too."""
    if isinstance(data, bool) or not isinstance(data, int) or not 0 <= data <= 100:
        raise ReplyError(f"{where} is {_shown(data)}; whole percents are allowed: {', '.join(map(str, LEVELS))}")
    return data / 100


def _summary(data: Any, where: str) -> str:
    """A summary as one line; one that is too long is cut, for its end is not worth a repair."""
    if not isinstance(data, str):
        raise ReplyError(f"{where} is {_shown(data)}; a text of at most {LONGEST_SUMMARY} characters is expected")
    line = one_line(data)
    return line if len(line) <= LONGEST_SUMMARY else f"{line[: LONGEST_SUMMARY - 4]} ..."


def _shown(data: Any) -> str:
    match data:
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return repr(data[:60])
        case bool() | None:
            return {True: "true", False: "false", None: "null"}[data]
        case _:
            return repr(data)[:60]
