"""All backends on all situations: who is asked what, in which order, and what is told meanwhile."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from also.campaign.processes import Services
from also.judging.backends import Backend
from also.judging.hearing import hear
from also.judging.recorded import Recorded
from also.judging.scoring import judge
from also.v1.situation_pb2 import Answer, Judgements

Told = Callable[[Backend, Answer], None]
"""Told of every answer, in the order of the situations."""


def judge_all(
    recorded: Sequence[Recorded], backends: Sequence[Backend], services: Services, *, parallel: int, told: Told
) -> Judgements:
    """Put every situation to every backend, and score the answers.

    Args:
        recorded: the situations, at least one.
        backends: the backends, one after the other.
        services: critic, generator, validator and trainer, over a store that holds the checkpoints.
        parallel: situations of one backend that are under way at once.
        told: told of every answer.

    Raises:
        InputError: a service refused a request.
        ServiceError: a service failed for good.
    """
    planted = [each.situation.planted for each in recorded]
    judgements = Judgements(situations=[each.situation.id for each in recorded])
    for backend in backends:
        answers = _answers(recorded, backend, services, parallel, told)
        judgements.judgements.append(judge(backend, answers, planted))
    return judgements


def _answers(
    recorded: Sequence[Recorded], backend: Backend, services: Services, parallel: int, told: Told
) -> list[Answer]:
    answers = []
    pool = ThreadPoolExecutor(parallel, thread_name_prefix=backend.name)
    try:
        for future in [pool.submit(hear, each, backend, services) for each in recorded]:
            answers.append(future.result())
            told(backend, answers[-1])
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # what is under way ends with the services
    return answers
