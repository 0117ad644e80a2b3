"""The trial episodes again in a process of their own: `python -m also.services.trainer.tasks.parallel.replays`.

Each is played by a new object, and nothing else runs beside it. What a seed does not decide (dice of the
process, the order of a set, the clock, other objects before it) shows as a difference from what the first
process saw. User code prints into the log; each moment comes back over a pipe as soon as it is there.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from also import document, lifeline
from also.errors import InputError, TaskError
from also.services.trainer.tasks.import_path import folders_searched
from also.services.trainer.tasks.parallel.place import PLACE
from also.services.trainer.tasks.parallel.trials import TRIALS
from also.settings import child_environment
from also.v1.task_pb2 import Seeding, Task


class Replays:
    """A process that plays the trial episodes; it ends with this object's `close`, or with its parent."""

    def __init__(
        self,
        task: Task,
        seeding: Seeding,
        *,
        idle: int,
        episode_limit: int,
        state_of_observations: bool,
        most: int | None,
    ) -> None:
        """Start the process.

        Args:
            task: the task.
            seeding: what its environments need for an episode to be decided by its seed.
            idle: choice that an agent which has left is held to.
            episode_limit: env_steps after which an episode is truncated.
            state_of_observations: whether the environment's own state is not to be relied on.
            most: env_steps after which an episode is left; None plays to its end.
        """
        self._task = task
        PLACE.at(-1, -1, 0, 0)
        PLACE.enter("starting another process that plays the trial again")  # it imports the task's module, too
        order = {
            "task": document.plain(task),
            "seeding": int(seeding),
            "idle": idle,
            "episode_limit": episode_limit,
            "state_of_observations": state_of_observations,
            "most": most,
            "path": sys.path,
            "beside": folders_searched()[1:],
            "episodes": 1 if task.environments_per_process == 1 else TRIALS,  # each has an object of its own
        }
        ours, theirs = os.pipe()
        try:
            self._process = subprocess.Popen(
                [
                    *lifeline.command_of("also.services.trainer.tasks.parallel.replays"),
                    lifeline.FLAG,
                    *("--reply", str(theirs), "--order", json.dumps(order)),
                ],
                stdin=subprocess.PIPE,
                stdout=2,  # what user code prints belongs to the log
                start_new_session=True,
                pass_fds=(theirs,),
                env=child_environment(OMP_NUM_THREADS="1", PYTHONHASHSEED="0"),
            )
        finally:
            os.close(theirs)
        self._reply = os.fdopen(ours, encoding="utf-8")

    def traces(self) -> list[list[tuple[str, ...]]]:
        """What the episodes were, once all are over.

        Raises:
            TaskError: the environment failed there, or the process died.
        """
        traces: list[list[tuple[str, ...]]] = []
        for line in self._reply:
            found = json.loads(line)
            if traces:
                PLACE.enter("playing the trial again in another process")
            match found:
                case "episode":
                    traces.append([])
                case "over":
                    return traces
                case str():
                    raise TaskError(f"{found} (in a second process; the first did not fail)")
                case _:
                    traces[-1].append(tuple(found))
        code = self._process.wait()
        raise TaskError(
            f"task {self._task.name!r}: the second process that tried it ended with exit code {code}, though the "
            "first did not; the log says more"
        )

    def close(self) -> None:
        """End the process."""
        lifeline.end([self._process])
        self._reply.close()


def main() -> None:
    """Play, and write the traces into the pipe."""
    parser = argparse.ArgumentParser(prog="also.services.trainer.tasks.parallel.replays")
    parser.add_argument("--reply", type=int, required=True, help="descriptor of the pipe for the traces")
    parser.add_argument("--order", type=json.loads, required=True, help="what to play, as JSON")
    parser.add_argument(lifeline.FLAG, action="store_true", help="end when standard input closes")
    parsed = parser.parse_args()
    if parsed.lifeline:
        lifeline.hold()
    with os.fdopen(parsed.reply, "w", encoding="utf-8") as pipe:
        try:
            for line in _play(parsed.order):
                print(json.dumps(line), file=pipe, flush=True)
        except InputError as error:
            print(json.dumps(str(error)), file=pipe)


def _play(order: dict[str, Any]) -> Iterator[str | tuple[str, ...]]:
    """Lines of the reply: "episode" as each begins, its moments, and "over" at the end."""
    from also.services.trainer.tasks.import_path import search_in
    from also.services.trainer.tasks.parallel.build import open_environment
    from also.services.trainer.tasks.parallel.trials import moments, trial_seed

    search_in(order["path"], *order["beside"])
    task = document.read(Task, order["task"])
    for number in range(order["episodes"]):
        yield "episode"
        environment = open_environment(task, order["seeding"])
        environment.idle, environment.episode_limit = order["idle"], order["episode_limit"]
        environment.global_state.of_observations = order["state_of_observations"]
        for moment in moments(environment, trial_seed(number), order["most"]):
            yield moment.digests
        environment.close()
    yield "over"


if __name__ == "__main__":
    main()
    sys.exit(0)
