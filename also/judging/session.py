"""All backends on all situations: who is asked what, in which order, and what is known so far."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from also.campaign.fold import fold
from also.campaign.processes import Services
from also.judging.backends import Backend
from also.judging.hearing import hear, rules_diagnosis
from also.judging.recorded import Recorded
from also.judging.scoring import Case, judge
from also.judging.scripts import Known
from also.v1.situation_pb2 import Answer, Judgements

Told = Callable[[Backend, Case], None]
"""Told of every answer, in the order of samples and situations."""


class Session:
    """Judges backends, one after the other. What has been answered can be asked for at any time."""

    def __init__(self, recorded: Sequence[Recorded], services: Services, *, screen: bool = True) -> None:
        """Nobody has been asked yet.

        Args:
            recorded: the situations, at least one.
            services: critic, generator, validator and trainer, over a store that holds the checkpoints.
            screen: whether candidates are screened.
        """
        self._screen = screen
        self._recorded = recorded
        self._services = services
        self._cases: list[tuple[Backend, list[Case]]] = []
        self.known: dict[str, Known] = {}

    def prepare(self) -> None:
        """Ask the rules about every situation: that is what generators hear.

        Raises:
            InputError: the critic refused a request.
            ServiceError: it failed for good.
        """
        for each in self._recorded:
            state = fold(each.records)
            self.known[each.situation.id] = Known(
                planted=each.situation.planted,
                card=state.card,
                incumbent=state.stages[each.situation.stage].incumbent.config,
                heard=rules_diagnosis(each, self._services),
            )

    def judge(self, backend: Backend, *, parallel: int, told: Told) -> None:
        """Put every situation to a backend, as often as it wants samples.

        Args:
            backend: the backend.
            parallel: situations that are under way at once.
            told: told of every answer.

        Raises:
            InputError: a service refused a request.
            ServiceError: a service failed for good.
        """
        cases: list[Case] = []
        self._cases.append((backend, cases))
        for case in self._answers(backend, parallel):
            cases.append(case)
            told(backend, case)

    def judgements(self) -> Judgements:
        """What the answers so far are worth."""
        return Judgements(
            situations=[each.situation.id for each in self._recorded],
            judgements=[judge(backend, cases) for backend, cases in self._cases if cases],
        )

    def _answers(self, backend: Backend, parallel: int) -> Iterator[Case]:
        pool = ThreadPoolExecutor(parallel, thread_name_prefix=backend.name)
        asked = [(sample, each) for sample in range(backend.samples) for each in self._recorded]
        try:
            for future in [pool.submit(self._case, backend, sample, each) for sample, each in asked]:
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # what is under way ends with the services

    def _case(self, backend: Backend, sample: int, recorded: Recorded) -> Case:
        known = self.known[recorded.situation.id]
        answer: Answer = hear(recorded, backend, sample, known.heard, self._services, screen=self._screen)
        return Case(answer=answer, planted=known.planted, heard=known.heard, incumbent=known.incumbent, card=known.card)
