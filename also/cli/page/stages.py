"""The stages, one below the other: a sentence each, and everything that is known of it folded below."""

from collections.abc import Iterator, Sequence

from also import enums, reasons
from also.campaign.state import Stage, StageRound, State
from also.cli import describe
from also.cli.page import decisions
from also.cli.page.account import Account
from also.cli.page.arms import arms
from also.cli.page.markup import Child, Html, element, joined
from also.cli.page.stories import story
from also.cli.page.tables import table
from also.v1.diagnosis_pb2 import Finding, Remedy
from also.v1.journal_pb2 import Held, RolledBack
from also.v1.verdict_pb2 import Candidate, Outcome, Verdict
from also.words import counted


def stages(account: Account) -> Html:
    """All stages; those in a row that were left to learn under one incumbent are one entry."""
    entries = describe.entries(account.state.stages)
    if not entries:
        return element("p", "No stage has been trained yet.")
    return element("div", *(_entry(account.state, entry) for entry in entries), class_="stages")


def _entry(state: State, group: Sequence[Stage]) -> Html:
    first, last = group[0], group[-1]
    after = describe.measured_after(state, last)
    worth = f"{after.returns.mean:.3f}" if after is not None else describe.NOTHING
    summary = element(
        "summary",
        element("span", describe.numbers(group), class_="number"),
        decisions.icon(decisions.kind(state, last)),
        element("span", story(state, group), class_="story"),
        element("span", f"{first.mean_return:.3f} → {worth}", class_="return"),
    )
    inside = [_one(first)] if first is last else [_several(group)]
    anchors = [element("span", id=f"stage-{stage.number}") for stage in group]
    return element("details", summary, element("div", *anchors, *inside, class_="inside"), class_="stage")


def _several(group: Sequence[Stage]) -> Html:
    rows = [
        (
            str(stage.number),
            describe.return_of(stage.trained.evidence),
            f"{stage.trained.evidence.success_rate:.0%}",
            f"{stage.milestone_score:.2f}",
            f"{stage.env_steps:,}",
            stage.decision.detail if isinstance(stage.decision, Held) else "",
        )
        for stage in group
    ]
    columns = ("stage", "return", "success", "milestone score", "env_steps", "why it was left to learn")
    return joined([_incumbent(group[0]), table(columns, rows, words=(5,))])


def _one(stage: Stage) -> Html:
    return joined([_incumbent(stage), _measured(stage), *_detail(stage), *_diagnosis(stage), *_rounds(stage)])


def _incumbent(stage: Stage) -> Html:
    return element("p", "Trained under ", element("code", describe.config(stage.incumbent.config)), ".")


def _measured(stage: Stage) -> Html:
    evidence = stage.trained.evidence
    branches = stage.env_steps - stage.trained.env_steps
    told = (
        f"Return {describe.return_of(evidence)}, success {evidence.success_rate:.0%}, milestone score "
        f"{stage.milestone_score:.2f}; {stage.trained.env_steps:,} env_steps of training"
    )
    return element("p", told + (f" and {branches:,} of branches." if branches else "."))


def _detail(stage: Stage) -> Iterator[Html]:
    if isinstance(stage.decision, Held | RolledBack):
        yield element("p", element("b", describe.decision(stage)), f". {stage.decision.detail}")


def _diagnosis(stage: Stage) -> Iterator[Html]:
    if stage.diagnosis is None:
        return
    yield element("h4", "What the critic said")
    told = f"Phase {describe.phase(stage)}, by the critic "
    yield element("p", told, element("code", stage.diagnosis.backend or "of an older ALSO"), ".")
    yield element("ul", *(_finding(each) for each in stage.diagnosis.findings), class_="findings")


def _finding(finding: Finding) -> Html:
    cited = [element("code", f"{each.item} = {each.value:.4g}") for each in finding.citations]
    remedy = enums.short_name(Remedy.DESCRIPTOR, finding.remedy) if finding.remedy else describe.NOTHING
    return element(
        "li",
        finding.summary,
        element(
            "small",
            f"severity {finding.severity:.2f}, confidence {finding.confidence:.2f}, remedy {remedy}; ",
            joined(cited, ", "),
        ),
    )


def _rounds(stage: Stage) -> Iterator[Html]:
    for number, each in enumerate(stage.rounds):
        several = f"Round {number}: " if len(stage.rounds) > 1 else ""
        yield element("h4", f"{several}{counted(len(each.candidates), 'candidate')}")
        yield from _round(each)


def _round(given: StageRound) -> Iterator[Html]:
    words = describe.configs([candidate.config for candidate in given.candidates])
    verdicts: list[Verdict | None] = list(given.validation.verdicts) if given.validation is not None else []
    verdicts += [None] * (len(given.candidates) - len(verdicts))
    yield element("ul", *map(_candidate, given.candidates, words, verdicts), class_="candidates")
    if given.validation is None:
        yield element("p", "The branches are under way.")
        return
    yield arms(given.validation)
    yield element("p", f"{given.validation.env_steps:,} env_steps in all its branches.")


def _candidate(candidate: Candidate, words: str, verdict: Verdict | None) -> Html:
    said: list[Child] = [element("b", candidate.name), " ", element("code", words)]
    if why := " ".join(dict.fromkeys(term.reason for term in candidate.config.terms if term.reason)):
        said.append(element("small", f"Proposed because: {why}"))
    if verdict is None:
        return element("li", *said)
    outcome = enums.short_name(Outcome.DESCRIPTOR, verdict.outcome)
    return element(
        "li",
        *said,
        element(
            "p",
            element("span", outcome.replace("_", " "), class_=f"outcome {outcome}"),
            f" {reasons.verdict(verdict.reason)}: {reasons.VERDICTS[verdict.reason]}",
        ),
        element("small", verdict.detail) if verdict.detail else None,
    )
