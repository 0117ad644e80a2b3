"""The report page of long campaigns: every kind of decision, as text and in a real browser."""

import os
import re
from collections import Counter

import pytest

from also.campaign.fold import fold
from also.cli.page.account import Account, Beside, spans
from also.cli.page.arms import arms
from also.cli.page.decisions import kind
from also.cli.page.document import page
from also.showing.page import page as episodes_page
from also.v1.branch_pb2 import Evaluation, Measure
from also.v1.campaign_pb2 import Proof
from also.v1.diagnosis_pb2 import Remedy
from also.v1.episode_pb2 import Episode, EpisodeChoice, Frame, Ground, Item, ItemKind, Scene
from also.v1.evidence_pb2 import Distribution
from also.v1.llm_pb2 import LlmUse
from tools.browser import browsing

DRIVER = "ALSO_TEST_CHROMEDRIVER"

STAGES = 50

MARKUP = "<b>&\"'</b><img src=x>"
"""Text of an LLM that would be markup if it were not escaped."""


@pytest.fixture(scope="module")
def records(new_world, played, new_campaign):
    """A campaign of 50 stages that promotes by return and provisionally, rolls back, holds and learns."""
    world = new_world(
        stage_return=lambda stage: 0.0 if stage < 4 else 0.2 + 0.012 * stage - 0.3 * (stage == 13),
        stage_milestones=lambda stage: min(1.0, 0.03 * stage),
        branch_return=lambda stage, arm, index: (stage >= 4) * (0.3 + 0.3 * (arm == "r0-c1") * (stage % 9 == 3)),
        branch_milestones=lambda stage, arm, index: 0.5 * (arm == "r0-c1") * (stage < 4),
        remedy=lambda stage: Remedy.REMEDY_GUIDE * (stage % 3 == 0),
    )
    found = played(world, new_campaign(**{"stages.count": STAGES, "validation.proof": Proof.PROOF_CONFIRMED}))
    for record in found:
        if record.WhichOneof("event") == "stage_trained":
            enrich(record.stage_trained.evidence)
        elif record.WhichOneof("event") == "diagnosed":
            record.diagnosed.llm.CopyFrom(LlmUse(model=MARKUP, calls=1, prompt_tokens=900, completion_tokens=100))
            for finding in record.diagnosed.diagnosis.findings:
                finding.summary = MARKUP
    return found


def enrich(evidence):
    """Give a stage's evidence what the small world leaves out: intervals, a curve, milestones, shares."""
    mean = evidence.returns.mean
    evidence.return_low, evidence.return_high = max(0.0, mean - 0.05), mean + 0.05
    evidence.success_rate = mean
    for number in range(12):
        evidence.curve.add(env_steps=evidence.env_steps - 1000 + 83 * (number + 1), mean_return=mean)
    evidence.milestones.add(milestone="done", reached=evidence.milestone_score)
    evidence.terms.add(term="approach", reward_share=0.5, finite=True)


@pytest.fixture(scope="module")
def account(records):
    """What its report tells of."""
    state = fold(records)
    worth = Evaluation(returns=Distribution(mean=0.4, count=20), return_low=0.35, return_high=0.45)
    curve = [(1000.0 * number, 0.01 * number) for number in range(40)]
    return Account(
        campaign_id="long",
        store="memory:///",
        state=state,
        spans=spans(state),
        beside=[
            Beside(
                name="without shaping",
                about="same learner, same seed",
                class_="reference",
                curve=curve,
                env_steps=state.env_steps,
                evaluation=worth,
            )
        ],
        begun_at="2026-11-30T10:00:00+00:00",
        written_at="2026-11-30T11:02:03+00:00",
    )


@pytest.fixture(scope="module")
def content(account):
    """The page."""
    return page(account, [episode()])


def episode():
    """Two frames of one agent on a small grid."""
    frames = [
        Frame(scene=Scene(items=[Item(kind=ItemKind.ITEM_KIND_AGENT, label="1", x=x, y=0.5)]), reward=x) for x in (0, 1)
    ]
    ground = Ground(width=2, height=1, grid=True)
    choice = EpisodeChoice.EPISODE_CHOICE_BEST
    return Episode(task="small", choice=choice, episodes=20, env_steps=1, total_reward=1, ground=ground), frames


@pytest.mark.slow
def test_every_kind_of_decision_has_its_mark(account, content):
    """Promotions, those that were undone, rollbacks and holds, in both drawings and in the list of stages."""
    kinds = Counter(kind(account.state, stage) for stage in account.state.stages)
    assert kinds.keys() >= {"promoted", "undone", "rolled-back", "held"}
    marks = Counter(re.findall(r'class="mark ([\w-]+)"', content.decode()))
    for name in kinds.keys() - {"learning"}:
        assert marks[name] >= 3 * kinds[name]


def test_each_stage_has_a_sentence(account, content):
    """Rollbacks name the stage that they undo, undone promotions the stage that undid them."""
    told = re.findall(r'<span class="story">(.*?)</span>', content.decode())
    assert len(told) == STAGES
    undone = sorted(account.state.undone)
    assert all(f"the promotion of stage {number} was undone" in " ".join(told) for number in undone)
    assert all(re.search(r"Stage \d+ undid it\.", told[number]) for number in undone)


def test_llms_and_time_are_counted(content):
    """Calls and tokens of all stages, and the time between the first record and the last."""
    text = content.decode()
    calls = int(re.search(r"(\d+) calls of ", text).group(1))
    assert f"{900 * calls:,} prompt tokens and {100 * calls:,} completion tokens" in text
    assert "1:02:03 from the first record" in text


def test_the_parts_of_the_cost_are_the_whole(account, content):
    """Main run, search and confirmation are all that the campaign spent."""
    rows = dict(re.findall(r"<tr><td>(?:<span[^>]*></span>)?([^<]*)</td><td>([\d,]+)</td>", content.decode()))
    parts = ["main run", "branches: search and races", "branches: confirmation"]
    assert sum(int(rows[part].replace(",", "")) for part in parts) == account.state.env_steps


def test_branches_of_a_race_are_shown_by_what_decides_it(new_world, played, new_campaign):
    """The mean along each branch, and not its end, as in the verdicts' details."""
    raced = new_campaign(**{"validation.proof": Proof.PROOF_BY_RISK})
    rounds = [
        each.validated.validation
        for campaign in (raced, new_campaign())
        for each in played(new_world(), campaign)
        if each.WhichOneof("event") == "validated"
    ]
    for validation in rounds:
        for arm in validation.arms:
            for record in arm.records:
                record.measures.insert(0, Measure(mean_return=0.0))
    race, search = arms(rounds[0]), arms(rounds[-1])
    assert "Mean return along each branch, on search seeds" in race
    assert "0.250 (1 branch)" in race
    assert "Return at the end of each branch, on search seeds" in search


@pytest.fixture(scope="module")
def browser():
    """A real Chromium; `make test` gets one."""
    driver = os.environ.get(DRIVER)
    if not driver:
        pytest.skip(f"{DRIVER} names no chromedriver; `make test` does")
    with browsing(driver) as found:
        yield found


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_browser_shows_the_page_whole(browser, content, tmp_path):
    """No error, no request, nothing wider than the screen, on phones and desks, light and dark, everything opened."""
    path = tmp_path / "long.html"
    path.write_bytes(content)
    for width, dark in ((390, False), (390, True), (1600, False), (1600, True)):
        browser.resize(width, 900, dark=dark)
        browser.open(path.as_uri())
        shown = [
            browser.run(f"return getComputedStyle(document.querySelector('.{each}')).display")
            for each in ("wide", "narrow")
        ]
        assert shown == (["none", "block"] if width == 390 else ["block", "none"])
        background = browser.run("return getComputedStyle(document.body).backgroundColor")
        assert (int(re.findall(r"\d+", background)[0]) < 100) == dark
        for opened in (False, True):
            browser.run(
                f"document.querySelectorAll('details').forEach((each) => {{ each.open = {str(opened).lower()}; }})"
            )
            assert browser.run("return document.documentElement.scrollWidth") == width
        assert browser.console() == []
        requested = [url for url in browser.requested() if not url.startswith("data:")]
        assert requested == [path.as_uri()]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_in_a_browser_a_decision_leads_to_its_stage_and_the_team_plays(browser, account, content, tmp_path):
    """A link opens the stage's story; the player's button moves the episode on."""
    path = tmp_path / "long.html"
    path.write_bytes(content)
    browser.resize(1280, 900)
    browser.open(path.as_uri())
    undone = min(account.state.undone)
    marks = browser.run("return document.querySelectorAll('#curve .wide .mark').length")
    assert marks == sum(kind(account.state, stage) != "learning" for stage in account.state.stages)
    opened = f"return document.getElementById('stage-{undone}').closest('details').open"
    assert browser.run(opened) is False
    link = f"#curve .wide a[href='#stage-{undone}']"
    browser.run(f"document.querySelector(\"{link}\").dispatchEvent(new MouseEvent('click', {{bubbles: true}}))")
    browser.run("return new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert browser.run(opened) is True
    assert browser.run("return document.getElementById('player-play').textContent") == "Play"
    browser.run("document.getElementById('player-play').click()")
    assert browser.run("return document.getElementById('player-step').textContent") == "env_step 1 of 1"
    assert browser.run("return document.querySelectorAll('main img').length") == 0
    assert browser.console() == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_in_a_browser_the_page_of_also_play_plays(browser, tmp_path):
    """It begins by itself; no error, no request."""
    path = tmp_path / "team.html"
    path.write_bytes(episodes_page([episode()]))
    browser.resize(390, 844)
    browser.requested()
    browser.open(path.as_uri())
    step = "document.getElementById('player-step').textContent"
    waits = f"{step} === 'env_step 1 of 1' ? done() : setTimeout(look, 20)"
    browser.run(f"return new Promise((done) => {{ function look() {{ {waits}; }} look(); }})")
    assert browser.run("return document.getElementById('player-play').textContent") == "Pause"
    assert browser.run("return document.documentElement.scrollWidth") == 390
    assert browser.console() == []
    assert [url for url in browser.requested() if not url.startswith("data:")] == [path.as_uri()]
