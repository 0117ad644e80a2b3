"""The launcher of Jobs as the validator has it, and a note of every request that it makes by itself."""

import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from also.services.validator.launch.jobs import Jobs
from also.services.validator.launch.kubernetes import ApiAnswer, Namespace
from also.store import Store
from benchmarks.scaling.cluster import TEMPLATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request of the launcher's."""

    what: str
    """Verb and kind."""
    began: float
    """When, by the monotonic clock."""
    seconds: float
    """How long it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed(Namespace):
    """The launcher's namespace, whose requests are written down."""

    asked: list[Asked] = field(default_factory=list)
    """All of them, oldest first."""

    def get(self, kind: str, name: str) -> ApiAnswer:
        """As `Namespace.get`."""
        began = time.monotonic()
        try:
            return Namespace.get(self, kind, name)
        finally:
            self._note(f"get {kind}", began)

    def find(self, kind: str, *, labels: str = "", fields: str = "", limit: int = 0) -> list[dict[str, Any]]:
        """As `Namespace.find`."""
        began = time.monotonic()
        try:
            return Namespace.find(self, kind, labels=labels, fields=fields, limit=limit)
        finally:
            self._note(f"list {kind}", began)

    def create(self, kind: str, document: dict[str, Any], *, dry_run: bool = False) -> ApiAnswer:
        """As `Namespace.create`."""
        began = time.monotonic()
        try:
            return Namespace.create(self, kind, document, dry_run=dry_run)
        finally:
            self._note(f"create {kind}", began)

    def times(self, what: str) -> list[float]:
        """Seconds of each request of a kind."""
        return [each.seconds for each in self.asked if each.what == what]

    def starts(self) -> list[float]:
        """When each look of the launcher's began, but for the first: it lists Jobs, a hundred at a time, then pods."""
        before = ["", *(each.what for each in self.asked)]
        return [
            each.began
            for each, last in zip(self.asked, before, strict=False)
            if each.what == "list jobs" and last != "list jobs"
        ]

    def looks(self, tick_seconds: float) -> list[float]:
        """Seconds of the launcher's looks, the last one left out."""
        return [after - before - tick_seconds for before, after in pairwise(self.starts())]

    def _note(self, what: str, began: float) -> None:
        self.asked.append(Asked(what=what, began=began, seconds=time.monotonic() - began))


def launcher(api: Namespace, store: Store) -> Jobs:
    """The launcher as the validator has it, with as many Jobs at once as there may be."""
    return Jobs(store=store, namespace=api, template=TEMPLATE, parallel=1024, start_seconds=3600.0)
