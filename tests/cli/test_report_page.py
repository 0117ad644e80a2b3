"""The report as one HTML page: what it tells, and that nothing in it is obeyed."""

import copy
import re
from html.parser import HTMLParser

import pytest

from also import keys, reasons
from also.campaign.fold import event_of, fold
from also.cli import describe
from also.cli.page.chart import short, thinned, ticks
from also.cli.page.markup import VOID, element
from also.store import open_store
from also.v1.evidence_pb2 import CurvePoint
from also.v1.trainer_pb2 import StageResult

MARKUP = "</script></style><b onclick='x'>&\"'<img src=http://a/b.png>"
"""Text that would be markup if it were not escaped."""


class Reader(HTMLParser):
    """What a browser makes of a page: its text, its elements, and which of them were left open."""

    def __init__(self):
        super().__init__()
        self.text, self.elements, self.open = "", [], []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read(page):
    """A page, read."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture
def report(also, write_journal, tmp_path):
    """Writes records as a campaign and its report; gives the page."""

    def made(records):
        write_journal("recorded", records)
        code, out, said = also("report", "recorded", "-o", "made/report.html")
        assert (code, said) == (0, "")
        assert re.fullmatch(r"made/report\.html: \d+ kB\n", out)
        return (tmp_path / "made" / "report.html").read_text(encoding="utf-8")

    return made


def test_a_page_tells_everything_in_one_file(report, records, tmp_path):
    """Head, decisions, verdicts with reasons and details, findings, terms, costs, checkpoints; no file beside it."""
    state = fold(records)
    told = read(report(records)).text
    final = state.reported
    for text in (describe.return_of(final.evaluation), describe.return_of(final.reference), state.card.description):
        assert text in told
    for stage in state.stages:
        assert stage.trained.checkpoint_id in told
        assert describe.config(stage.incumbent.config) in told
        for finding in stage.diagnosis.findings:
            assert finding.summary in told
        for trial in stage.trials:
            assert trial.verdict.detail in told
            assert f"{reasons.verdict(trial.verdict.reason)}: {reasons.VERDICTS[trial.verdict.reason]}" in told
    assert f"{state.env_steps:,}" in told
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["report.html"]


def test_a_page_says_where_also_lost(report, records):
    """The recorded campaign ended below the learner without shaping, and the first lines say so."""
    told = read(report(records)).text
    assert "Less than without shaping (same learner, same seed): 1.000 [1.000, 1.000]. Here ALSO lost." in told


def test_a_page_says_where_no_difference_shows(report, records):
    """Intervals that overlap are no victory."""
    changed = copy.deepcopy(records)
    reported = next(event_of(record) for record in changed if record.WhichOneof("event") == "reported")
    reported.reference.CopyFrom(reported.evaluation)
    told = read(report(changed)).text
    assert "No clear difference to without shaping" in told
    assert "ALSO lost" not in told


def test_every_decision_is_marked_and_leads_to_its_stage(report, records):
    """On both drawings of the curve; every link within the page has its end."""
    page = read(report(records))
    marks = [given["class"] for _, given in page.elements if given.get("class", "").startswith("mark ")]
    assert marks.count("mark promoted") >= 2
    assert marks.count("mark held") >= 2 * 3
    ends = {given["id"] for _, given in page.elements if "id" in given}
    links = {given["href"] for tag, given in page.elements if tag == "a"}
    assert links == {f"#stage-{number}" for number in range(4)}
    assert all(link[1:] in ends for link in links)


def test_text_from_elsewhere_stays_text(report, records):
    """What an LLM, a task or a campaign file says is shown as it is, and is no element."""
    changed = copy.deepcopy(records)
    changed[0].started.card.description = MARKUP
    for record in changed:
        if record.WhichOneof("event") == "diagnosed":
            record.diagnosed.diagnosis.findings[0].summary = MARKUP
        elif record.WhichOneof("event") == "held":
            record.held.detail = MARKUP
        elif record.WhichOneof("event") == "validated":
            record.validated.validation.verdicts[0].detail = MARKUP
        elif record.WhichOneof("event") == "stage_trained":
            record.stage_trained.evidence.milestones[0].milestone = MARKUP
    page = read(report(changed))
    assert page.text.count(MARKUP) >= 4
    assert {tag for tag, _ in page.elements} == {tag for tag, _ in read(report(records)).elements}
    assert not any("onclick" in given for _, given in page.elements)


def test_a_page_names_no_other_file_or_machine(report, records):
    """Nothing is fetched, and the page's own policy refuses whatever is not inside."""
    text = report(records)
    assert not re.findall(r"\b(?:src|href)=\"(?!data:|#)|@import|url\(", text)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_the_runs_beside_are_drawn_from_what_the_store_keeps(report, records, tmp_path):
    """Their curves come from their stages' results; without those the caption says that the end alone is known."""
    assert "Of without shaping the end alone is known" in read(report(records)).text
    store = open_store(str(tmp_path / "store"))
    for number in range(3):
        points = [CurvePoint(env_steps=1000 * (3 * number + each), mean_return=0.1 * each) for each in range(1, 4)]
        result = StageResult(run_env_steps=3000 * (number + 1), curve=points)
        store.create_message(keys.stage("recorded", "reference", number), result)
    page = read(report(records))
    assert "the end alone is known" not in page.text
    (first, _) = [
        given["points"] for tag, given in page.elements if tag == "polyline" and given["class"] == "line reference"
    ]
    assert len(first.split()) == 9


def test_a_report_writes_nothing_into_the_store(report, also, records, tmp_path):
    """Its objects are those that were there."""
    report(records)
    before = sorted((tmp_path / "store").rglob("*"))
    assert also("report", "recorded", "-o", "again.html")[0] == 0
    assert sorted((tmp_path / "store").rglob("*")) == before


@pytest.mark.slow
@pytest.mark.parametrize("until", range(1, 20))
def test_a_campaign_under_way_has_a_page(report, records, until):
    """After each of its records: what is there is told, and what is under way."""
    told = read(report(records[:until])).text
    assert ("The campaign is under way" in told) == (fold(records[:until]).reported is None)


def test_episodes_go_into_a_page_only(also, write_journal, records, tmp_path):
    """Markdown has no place for them, and nothing is written."""
    write_journal("recorded", records)
    code, _, said = also("report", "recorded", "-o", "report.md", "--episodes")
    assert (code, said) == (
        2,
        "error: --episodes go into a page; report.md is none: name a file that ends in .html\n",
    )
    assert not (tmp_path / "report.md").exists()


def test_attributes_and_children_are_escaped():
    """Only what was made as markup is markup."""
    assert element("p", MARKUP, element("br"), title='"&') == (
        '<p title="&quot;&amp;">&lt;/script&gt;&lt;/style&gt;&lt;b onclick=&#x27;x&#x27;&gt;&amp;&quot;&#x27;'
        "&lt;img src=http://a/b.png&gt;<br></p>"
    )
    assert element("rect", x=1.0, width=0.333333, hidden=True, class_=None) == '<rect x="1" width="0.33" hidden></rect>'


def test_ticks_are_round():
    """Multiples of 1, 2 or 5 times a power of ten, within the range."""
    assert ticks(0, 1, 5) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks(-30, 12, 4) == [-30, -20, -10, 0, 10]
    assert ticks(0, 6_368_000, 6) == [each * 1_000_000 for each in range(7)]
    assert ticks(1, 1, 5) == [1]
    assert [short(value) for value in (0, 0.25, 96_000, 6_368_000)] == ["0", "0.25", "96k", "6.37M"]


def test_a_thinned_curve_keeps_its_mean():
    """Each point is the mean of neighbours."""
    curve = [(float(each), float(each % 2)) for each in range(8)]
    assert thinned(curve, 4) == [(0.5, 0.5), (2.5, 0.5), (4.5, 0.5), (6.5, 0.5)]
    assert thinned(curve, 100) == curve
    assert thinned([], 4) == []
