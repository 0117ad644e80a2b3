"""The page as a whole: its sections, its style and script, and a policy that lets nothing else run or load."""

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources

import yaml

from also import __version__, document, keys
from also.cli import table
from also.cli.page import curve, tables
from also.cli.page.account import Account
from also.cli.page.costs import costs
from also.cli.page.funnel import funnel
from also.cli.page.head import head
from also.cli.page.incumbents import incumbents
from also.cli.page.markup import Child, Html, element, joined
from also.cli.page.shares import shares
from also.cli.page.stages import stages
from also.v1.episode_pb2 import Episode, Frame


def page(account: Account, shown: Sequence[tuple[Episode, Sequence[Frame]]] = ()) -> bytes:
    """The file.

    Args:
        account: what it tells of.
        shown: episodes of the newest policy, and their frames; may be empty.
    """
    style, script, sections = _asset("page.css"), _asset("page.js"), _sections(account)
    if shown:
        from also.showing.page import player  # needs Pillow

        playing = player(shown, paused=True)
        style, script = Html(style + playing.style), Html(script + playing.script)
        told = "Best, median and worst of the report episodes, played by the newest policy of the main run."
        sections.insert(1, _section("play", "The team at play", told, Html(playing.markup)))
    body = joined([head(account), *sections, _foot(account)])
    policy = (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    headed = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        element("link", rel="icon", href="data:,"),
        element("title", f"{account.campaign_id} · {account.state.card.task} · ALSO"),
        element("style", style),
    )
    whole = element("html", headed, element("body", element("main", body), element("script", script)), lang="en")
    return f"<!doctype html>\n{whole}\n".encode()


def _sections(account: Account) -> list[Html]:
    return [
        _section("curve", "The return over all that was spent", curve.caption(account), curve.curve(account)),
        _section(
            "stages",
            "What happened, stage by stage",
            "Each line opens. Returns are those of the stage and of the one after it.",
            stages(account),
            tables.folded(
                "All stages as a table",
                tables.table(table.COLUMNS, table.rows(account.state), words=(2, 3, 4)),
            ),
        ),
        _section(
            "milestones",
            "How far episodes come",
            "The share of each stage's evaluation episodes that reached each milestone, in the task's order.",
            funnel(account),
        ),
        _section(
            "incumbents",
            "The incumbent shaping config",
            "Each promotion and rollback, as what it took away and what it brought.",
            incumbents(account),
        ),
        _section(
            "shares",
            "How much of the reward was shaping",
            "Each term's share of all reward in training, by size; the rest is what the task paid.",
            shares(account),
        ),
        _section("costs", "What it cost", "", costs(account)),
        _section("places", "Where everything is", "", *_places(account)),
    ]


def _section(place: str, title: str, caption: str, *children: Child) -> Html:
    told = element("p", caption, class_="caption") if caption else None
    return element("section", element("h2", title), told, *children, id=place)


def _places(account: Account) -> list[Html]:
    state = account.state
    rows = [(str(stage.number), element("code", stage.trained.checkpoint_id)) for stage in state.stages]
    settings = yaml.safe_dump(document.plain(state.campaign), sort_keys=False, allow_unicode=True).rstrip()
    under = keys.campaign(account.campaign_id)
    return [
        element("p", "Store ", element("code", account.store), ", all under ", element("code", under), "."),
        tables.folded("Checkpoints", tables.table(("stage", "checkpoint after training"), rows)),
        tables.folded("The campaign file, every default filled in", element("pre", settings)),
    ]


def _foot(account: Account) -> Html:
    again = f"also report {account.campaign_id} -o FILE.html"
    return element("footer", f"ALSO {__version__}. Made from what its store holds by ", element("code", again), ".")


def _asset(name: str) -> Html:
    return Html(resources.files("also.cli.page").joinpath(name).read_text(encoding="utf-8"))


def _source(content: str) -> str:
    """How a content security policy names what is inside an element."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
