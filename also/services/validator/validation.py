"""One round of validation from end to end.

    screen the candidates                               by rules, then on the checkpoint's rollouts
    while the judge asks for a step, and it can be paid:
        train its branches                              a rung of the search, or a confirm wave
        read what they measured                         from the moment on that a group has finished
    ask the guard queries                               when a candidate is about to be promoted
    verdicts                                            by `also.validation`, from results alone

Nothing is kept between calls: a repeated round finds its results in the object store, and since
every choice is a function of request and results, it says the same again.
"""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TypeVar

import grpc

from also import rpc
from also.errors import DocumentError
from also.services.validator import plan, screen
from also.services.validator.launch.launcher import Launcher, Progress
from also.services.validator.measure import records
from also.services.validator.measure.measures import Measures
from also.services.validator.progress import Phase
from also.shaping.identity import config_hash
from also.v1.branch_pb2 import BranchProgress, SeedPool
from also.v1.reading_pb2 import GuardReading
from also.v1.trainer_pb2 import ProbeShapingRequest, ShapingProbe
from also.v1.trainer_pb2_grpc import TrainerServiceStub
from also.v1.validator_pb2 import ValidateRequest, ValidationPhase, ValidationProgress
from also.v1.verdict_pb2 import ArmResult, Validation, Verdict
from also.validation import cost, judge
from also.validation.race import race_cost, racers
from also.validation.round import Round, Standing, Step
from also.words import counted

T = TypeVar("T")

_PROBE_SECONDS = 1800.0
"""Deadline of the trainer's answer to the screen."""

_CAUSE_LIMIT = 200
"""Characters of a cause in what a step waits for; the failed group's record has the whole text."""

_TICK_SECONDS = 1.0
"""Longest time without progress while the trainer answers."""


def validate(
    request: ValidateRequest, *, trainer: TrainerServiceStub, launcher: Launcher, measures: Measures
) -> Generator[ValidationProgress | Validation, None, None]:
    """Validate a round; yields progress, and the validation last. Closing the generator ends its branches.

    Args:
        request: the round.
        trainer: the trainer, asked what configs would have paid.
        launcher: where branch groups run.
        measures: where their measures are read; it is closed in the end.

    Raises:
        InputError: the request does not fit together, a branch's input is wrong, or guard queries have nobody to ask.
        ServiceError: the trainer or a branch group failed.
    """
    with closing(measures):
        yield from RoundRun(request, trainer, launcher, measures).run()


class RoundRun:
    """A round under way, as far as it has come."""

    def __init__(
        self, request: ValidateRequest, trainer: TrainerServiceStub, launcher: Launcher, measures: Measures
    ) -> None:
        """Nothing but the rules has screened the candidates.

        Args:
            request: the round.
            trainer: the trainer, asked what configs would have paid.
            launcher: where branch groups run.
            measures: where their measures are read.

        Raises:
            DocumentError: a candidate's hash is not that of its config.
        """
        self._request = request
        self._trainer = trainer
        self._launcher = launcher
        self._measures = measures
        self._round = _begin(request)
        self._standing = Standing()
        self._arms: list[ArmResult] = []
        self._left = request.env_steps_left
        names = [each.name for each in request.candidates]
        self._phase = Phase(phase=ValidationPhase.VALIDATION_PHASE_SCREEN, candidates=names)

    def run(self) -> Generator[ValidationProgress | Validation, None, None]:
        """Carry the round out; yields progress, and the validation last.

        Raises:
            InputError: a branch's input is wrong, or guard queries have nobody to ask.
            ServiceError: the trainer or a branch group failed.
        """
        yield self._progress()
        yield from self._screen()
        if judge.round_cost(self._round) <= self._left:
            while (step := self._standing.step) is not None and step.cost <= self._left:
                yield from self._train(step)
        yield self._progress()
        guards = yield from self._guard()
        yield judge.validation(self._round, self._arms, guards)

    def _screen(self) -> Iterator[ValidationProgress]:
        """Have the trainer try the candidates that the rules let pass, on the checkpoint's rollouts."""
        for probes in _probe(self._request, self._round.passed, self._trainer):
            if probes is None:
                yield self._progress()
            else:
                self._round = replace(self._round, screen=_screened(self._request, self._round, probes))
        yield self._progress()
        self._standing = judge.stand(self._round, self._arms)

    def _train(self, step: Step) -> Iterator[ValidationProgress]:
        """Train a step's branches, and read what they have measured."""
        self._phase = _phase(self._phase, step, self._request, self._round)
        groups = plan.groups(self._request, step, self._arms)
        env_steps = 0
        with closing(self._launcher.run(groups)) as running:
            for progress in running:
                for each in progress.values():
                    self._phase.hear(each.records)
                self._measures.hear([group for group in groups if _is_result(progress.get(group.name))])
                env_steps = sum(each.env_steps for each in progress.values())
                yield self._progress(env_steps, _waits_for(len(groups), progress))
        measured = yield from self._waiting(self._measures.read(groups), env_steps)
        self._arms = records.add(self._arms, step.arms, step.pool, measured)
        self._phase.done += step.cost
        self._left -= step.cost
        self._standing = judge.stand(self._round, self._arms)

    def _guard(self) -> Generator[ValidationProgress, None, list[GuardReading]]:
        """Ask the guard queries, when a candidate is about to be promoted."""
        promoting = judge.about_to_promote(self._standing)
        if not promoting:
            return []
        return (yield from self._waiting(self._measures.guard(self._request, promoting)))

    def _waiting(self, work: Generator[None, None, T], env_steps: int = 0) -> Generator[ValidationProgress, None, T]:
        """Read measures, with progress and what is waited for whenever that takes time; returns what was read."""
        while True:
            try:
                next(work)
            except StopIteration as done:
                result: T = done.value
                return result
            yield self._progress(env_steps, self._measures.waits_for)

    def _progress(self, env_steps: int = 0, waits_for: str = "") -> ValidationProgress:
        """How far the round is; `env_steps` are those of the running step's branches."""
        reasons = {verdict.candidate: verdict.reason for verdict in self._round.screen}
        reasons |= {name: ruling.reason for name, ruling in self._standing.rulings.items()}
        return self._phase.tell(reasons, env_steps=env_steps, waits_for=waits_for)


def _begin(request: ValidateRequest) -> Round:
    """The round, screened by rules and duplicates."""
    for candidate in request.candidates:
        due = config_hash(candidate.config)
        if candidate.config_hash != due:
            raise DocumentError(
                f"candidate {candidate.name} has the config hash {candidate.config_hash!r}; its config's is {due}"
            )
    return Round(
        campaign=request.campaign,
        card=request.card,
        control_hash=config_hash(request.incumbent),
        candidates=tuple(request.candidates),
        screen=tuple(
            screen.check(
                request.candidates,
                card=request.card,
                learner=request.campaign.learner,
                incumbent=request.incumbent,
                tried=request.tried_hashes,
            )
        ),
        incumbent=request.incumbent,
        stage_return=request.stage_return,
        stage_milestone_score=request.stage_milestone_score,
        stood_still=request.stood_still_env_steps if request.HasField("stood_still_env_steps") else None,
        training_return=request.training_return if request.HasField("training_return") else None,
    )


def _probe(
    request: ValidateRequest, names: Sequence[str], trainer: TrainerServiceStub
) -> Iterator[dict[str, ShapingProbe] | None]:
    """What the named candidates would have paid, by name; None every second until that is known."""
    configs = {each.name: each.config for each in request.candidates if each.name in names}
    if not configs:
        return
    call = trainer.ProbeShaping.future(
        ProbeShapingRequest(
            campaign_id=request.campaign_id,
            campaign=request.campaign,
            checkpoint_id=request.checkpoint_id,
            configs=configs.values(),
            card=request.card,
        ),
        timeout=_PROBE_SECONDS,
    )
    try:
        while True:
            try:
                yield dict(zip(configs, call.result(timeout=_TICK_SECONDS).probes, strict=True))
                return
            except grpc.FutureTimeoutError:
                yield None
    except grpc.RpcError as error:
        raise rpc.as_error(error) from None
    finally:
        call.cancel()


def _waits_for(groups: int, progress: Progress) -> str:
    """What a step waits for whose branch groups do not all run, in words, with the most frequent cause.

    How many they are follows the colon: the wait is the same one while they begin one after the other.
    """
    if not progress:
        return f"the first of {counted(groups, 'branch group')} to begin"
    causes = Counter(told.waits_for for told in progress.values() if told.waits_for and not _is_result(told))
    if not causes:
        return ""
    return f"branch groups to run: {causes.total()} of {groups}, {causes.most_common(1)[0][0][:_CAUSE_LIMIT]}"


def _is_result(told: BranchProgress | None) -> bool:
    """Whether a group's progress is its result: every branch has its last checkpoint, or has failed."""
    if told is None or not told.records:
        return False
    return all(record.checkpoint_id or record.failure for record in told.records)


def _screened(request: ValidateRequest, round_: Round, probes: dict[str, ShapingProbe]) -> tuple[Verdict, ...]:
    """The screen's verdicts, completed by what the candidates would have paid."""
    return tuple(
        screen.judge_probe(verdict, candidate.config, probes[candidate.name], request.incumbent)
        if candidate.name in probes
        else verdict
        for candidate, verdict in zip(request.candidates, round_.screen, strict=True)
    )


def _phase(now: Phase, step: Step, request: ValidateRequest, round_: Round) -> Phase:
    """The phase that a step belongs to: the one that is under way, or a new one."""
    if step.pool == SeedPool.SEED_POOL_SEARCH:
        kind = ValidationPhase.VALIDATION_PHASE_SEARCH
        raced = bool(racers(round_))
        planned = race_cost(round_) if raced else cost.search_cost(request.campaign, len(round_.passed))
    else:
        kind = ValidationPhase.VALIDATION_PHASE_CONFIRM
        planned = cost.wave_cost(request.campaign) * request.campaign.validation.confirm_waves
    return now if now.phase == kind else Phase(phase=kind, candidates=now.candidates, planned=planned)
