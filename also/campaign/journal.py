"""The journal: a campaign's numbered, hash-chained, immutable records in the object store.

A record is created if absent, so its number is the fence between two conductors: whoever creates
number n decides step n, and the other one stops. Each record holds the sha256 of the one before, so
that a missing, exchanged or edited record cannot go unseen, and a word of the conductor that wrote it:
two conductors that come to the same step in the same second would write equal bytes, and the one that
finds them there could not tell whether they are its own, stored by a request whose answer got lost.
"""

import hashlib
from datetime import UTC, datetime
from uuid import uuid4

from also import keys
from also.campaign.state import Event
from also.document import canonical, parse_json
from also.errors import CampaignError, DocumentError
from also.limits import descriptor
from also.store import Store
from also.v1.journal_pb2 import JournalRecord

SCHEMA_VERSION = 2
"""Version of the journal's layout, and of the rules by which its decisions and verdicts are derived: 2 since runs that
learn are left alone, policy-invariant candidates race, and a confirmed gain must be more than rare losses explain."""


class Journal:
    """The journal of one campaign, as far as this process has read and written it."""

    def __init__(self, store: Store, campaign_id: str) -> None:
        """Read the journal; an absent one is empty.

        Raises:
            CampaignError: a record is missing, damaged, out of order or of another version.
        """
        self.store = store
        self.campaign_id = campaign_id
        self.records: list[JournalRecord] = []
        self._last_sha256 = ""
        self.conductor = uuid4().hex
        prefix = keys.journal(campaign_id)
        for key in store.find(prefix):
            self._take(key.removeprefix(prefix))

    def read_on(self) -> list[JournalRecord]:
        """Read what was written since; the new records, in order.

        Raises:
            CampaignError: a record is damaged, or does not follow.
            StoreError: the store cannot be read; what was read before is kept.
        """
        known, prefix = len(self.records), keys.journal(self.campaign_id)
        while self.store.exists(key := keys.journal_record(self.campaign_id, len(self.records))):
            self._take(key.removeprefix(prefix))
        return self.records[known:]

    def draft(self, event: Event) -> JournalRecord:
        """The record that would hold an event next; nothing is written."""
        record = JournalRecord(
            schema_version=SCHEMA_VERSION,
            sequence=len(self.records),
            previous_sha256=self._last_sha256,
            written_at=datetime.now(UTC).isoformat(timespec="seconds"),
            conductor=self.conductor,
        )
        for field in descriptor(record).oneofs_by_name["event"].fields:
            if field.message_type is descriptor(event):
                getattr(record, field.name).CopyFrom(event)
        return record

    def append(self, record: JournalRecord) -> None:
        """Write the next record, or find that it is written though its answer got lost.

        Raises:
            CampaignError: another conductor has written a record with this number.
            StoreError: the store cannot be written; the record may be there, and is read when the campaign continues.
        """
        content = canonical(record)
        if not self.store.create(keys.journal_record(self.campaign_id, record.sequence), content):
            raise CampaignError(
                f"another conductor is running campaign {self.campaign_id!r}: it wrote record {record.sequence} first"
            )
        self._keep(record, content)

    def _take(self, name: str) -> None:
        key = keys.journal_record(self.campaign_id, len(self.records))
        if not key.endswith(f"/{name}"):
            raise CampaignError(f"the journal of {self.campaign_id!r} is damaged: {key} is missing, {name!r} is there")
        content = self.store.get(key)
        try:
            record = parse_json(JournalRecord, content, key)
        except DocumentError as error:
            raise CampaignError(
                f"the journal of {self.campaign_id!r} is damaged, or of a newer ALSO: {error}"
            ) from None
        if record.schema_version != SCHEMA_VERSION:
            raise CampaignError(
                f"journal record {key} has version {record.schema_version}; this ALSO reads version {SCHEMA_VERSION}"
            )
        if record.sequence != len(self.records) or record.previous_sha256 != self._last_sha256:
            raise CampaignError(f"the journal of {self.campaign_id!r} is damaged: {key} does not follow the one before")
        self._keep(record, content)

    def _keep(self, record: JournalRecord, content: bytes) -> None:
        self.records.append(record)
        self._last_sha256 = hashlib.sha256(content).hexdigest()
