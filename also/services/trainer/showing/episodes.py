"""Report episodes as they are shown: played once to find the best, median and worst, and again to look at these.

Both times all episodes are played, from the same seeds, so that what is seen is what was counted. Environments that no
seed decides (`task.unseeded`) may play another episode the second time: the one that was seen is described.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from also.services.trainer import device
from also.services.trainer.acting import actor_of
from also.services.trainer.evaluation import Episodes, Evaluator
from also.services.trainer.run import Snapshot
from also.services.trainer.showing.camera import Camera, camera_of, check_drawable
from also.services.trainer.tasks.vector_task import Outcome
from also.v1.branch_pb2 import SeedPool
from also.v1.campaign_pb2 import Campaign
from also.v1.episode_pb2 import Episode, EpisodeChoice, Frame
from also.v1.task_pb2 import TaskCard


@dataclass(slots=True)
class _Film:
    """Frames of one lane, until its episode is over."""

    frames: list[Frame] = field(default_factory=list)
    over: bool = False


def show(
    campaign: Campaign, card: TaskCard, snapshot: Snapshot, choices: Sequence[EpisodeChoice]
) -> Iterator[Episode | Frame]:
    """Each chosen episode, its frames after it.

    Args:
        campaign: every default filled in.
        card: card of its task.
        snapshot: who plays.
        choices: which episodes; one that is chosen twice is shown twice.

    Raises:
        TaskError: the task cannot be drawn.
        CheckpointError: the snapshot does not fit the campaign.
    """
    check_drawable(card)
    place = device.resolve(campaign.learner)
    actor, observations = actor_of(campaign, card, snapshot, place)
    count = campaign.evaluation.report_episodes
    evaluator = Evaluator(
        campaign,
        replicas=1,
        episodes=count,
        pool=SeedPool.SEED_POOL_REPORT,
        device=place,
        card=card,
        renders=True,
    )
    try:
        camera = camera_of(evaluator.task)
        first = evaluator.play(actor, observations, witness=lambda outcome: _try(camera, outcome))
        numbers = {choice: lane_of(first, choice) for choice in choices}
        films = {number: _Film() for number in numbers.values()}
        played = evaluator.play(actor, observations, witness=lambda outcome: _look(camera, films, outcome))
        grounds = {number: camera.ground([frame.scene for frame in film.frames]) for number, film in films.items()}
        for choice in choices:
            number = numbers[choice]
            yield Episode(
                choice=choice,
                number=number,
                episodes=count,
                task=card.task,
                total_reward=float(played.returns[0, number]),
                env_steps=int(played.lengths[0, number]),
                success=bool(card.milestones) and bool(played.milestone_steps[0, number, -1] >= 0),
                ground=grounds[number],
            )
            yield from films[number].frames
    finally:
        evaluator.close()


def lane_of(episodes: Episodes, choice: EpisodeChoice) -> int:
    """Number of the episode that a choice means: by return, then the shorter one, then the first."""
    returns, lengths = episodes.returns[0].tolist(), episodes.lengths[0].tolist()
    order = sorted(range(len(returns)), key=lambda number: (-returns[number], lengths[number], number))
    match choice:
        case EpisodeChoice.EPISODE_CHOICE_BEST:
            return order[0]
        case EpisodeChoice.EPISODE_CHOICE_MEDIAN:
            return order[len(order) // 2]
        case _:
            return order[-1]


def _try(camera: Camera, outcome: Outcome | None) -> None:
    """Take one frame of the beginning, so that a task which shows nothing says so before all is played."""
    if outcome is None:
        camera.frame(0)


def _look(camera: Camera, films: dict[int, _Film], outcome: Outcome | None) -> None:
    """Take a frame of each lane whose episode is under way."""
    for lane, film in films.items():
        if film.over:
            continue
        frame = camera.frame(lane)
        if outcome is not None:
            frame.reward = float(outcome.reward[0, lane])
            film.over = bool(outcome.done[0, lane])
        film.frames.append(frame)
