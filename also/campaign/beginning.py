"""How a campaign begins, and how a conductor takes up one that has begun.

Everything that may be wrong is found before the first record: the task, the shaping, the services, the machine.
"""

from collections.abc import Callable

from also import algorithms
from also.campaign import calls, origin
from also.campaign.amendment import amendment
from also.campaign.journal import Journal
from also.campaign.processes import Services
from also.errors import CampaignError, MissingStoreError
from also.settings import Settings
from also.shaping.rules import check_config
from also.store import open_store
from also.v1.campaign_pb2 import Campaign
from also.v1.checkpoint_pb2 import Origin
from also.v1.journal_pb2 import CampaignStarted
from also.v1.task_pb2 import TaskCard


def journal_of(uri: str, campaign_id: str) -> Journal | None:
    """The journal of a campaign that has begun; None when there is none. Nothing is written.

    Raises:
        StoreError: the store cannot be read.
        CampaignError: the journal is damaged.
    """
    try:
        journal = Journal(open_store(uri, create=False), campaign_id)
    except MissingStoreError:
        return None
    return journal if journal.records else None


def growth(campaign_id: str, stored: Campaign, campaign: Campaign) -> Campaign | None:
    """The stored campaign with what has grown in its file; None where it is the same.

    Args:
        campaign_id: its id.
        stored: the campaign as its journal has it.
        campaign: the campaign file, every default filled in.

    Raises:
        CampaignError: it is another campaign.
    """
    try:
        return amendment(stored, campaign)
    except CampaignError as error:
        told = f"campaign {campaign_id!r} is another campaign ({error}); stages and budgets may grow, for all else "
        told += "begin one of another id: --campaign ID"
        if not origin.unlike_settings(stored, campaign):
            told += f", with --set start.from={campaign_id} from this one's last checkpoint"
        raise CampaignError(told) from None


def check(campaign: Campaign, services: Services, note: Callable[[str], None]) -> TaskCard:
    """The card of a new campaign's task, once its task, its shaping and its services were found good.

    Args:
        campaign: the campaign, every default filled in.
        services: the services.
        note: told what is worth knowing.

    Raises:
        InputError: something is not.
        ServiceError: a service failed for good.
    """
    card = check_task(campaign, services)
    if campaign.critic.HasField("llm") or campaign.generator.HasField("llm"):
        note("each LLM is asked one question, as large as any that may come; this may take minutes")
    for found in calls.check_backends(services, campaign, card):
        note(found)
    return card


def check_task(campaign: Campaign, services: Services) -> TaskCard:
    """The card of a new campaign's task, once its task and its shaping were found good; the trainer alone is asked.

    Args:
        campaign: the campaign, every default filled in.
        services: the services.

    Raises:
        InputError: something is not.
        ServiceError: the trainer failed for good.
    """
    card = calls.describe_task(services, campaign.task)
    algorithms.check_task(campaign.learner, card)
    check_config(campaign.shaping, card, campaign.learner.gamma)
    algorithms.check_shaping(campaign.learner, campaign.shaping)
    return card


def origin_of(campaign: Campaign, card: TaskCard, uri: str) -> Origin | None:
    """The checkpoint that a new campaign begins with; None where it begins with nothing.

    Args:
        campaign: the campaign, every default filled in.
        card: card of its task.
        uri: the store.

    Raises:
        InputError: it cannot begin with that.
    """
    if not campaign.HasField("start"):
        return None
    return origin.find(open_store(uri, create=False), campaign, card)


def begin(
    campaign: Campaign, card: TaskCard, campaign_id: str, settings: Settings, start: Origin | None = None
) -> Journal:
    """Write a campaign's first record, after everything that may be wrong with it.

    Args:
        campaign: the campaign, every default filled in.
        card: card of its task.
        campaign_id: its id.
        settings: the store, and the folder of the file.
        start: what its runs begin with; None for weights drawn at random.

    Raises:
        CampaignError: another conductor has begun another campaign of this id.
        StoreError: the store cannot be written.
    """
    journal = Journal(open_store(settings.store), campaign_id)
    if not journal.records:
        folder = settings.task_folder if ":" in campaign.task.name else ""
        if start is not None:
            origin.copy(journal.store, start, campaign_id)
        journal.append(journal.draft(CampaignStarted(campaign=campaign, card=card, folder=folder, origin=start)))
    return journal
