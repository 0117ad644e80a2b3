"""TensorBoard: an event file in a folder of the campaign's name.

    DIR/ID/events.out.tfevents.BEGUN.also

What is in it is a function of the journal, byte for byte. So continuing is adding what is missing at its end, a record
that was cut off in a crash included; and telling again changes nothing.
"""

import fcntl
import io
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import yaml
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.summary.writer.record_writer import RecordWriter

from also.errors import ServiceError
from also.tracking.entries import About, Entry

VERSION = "brain.Event:2"
"""Version of the file's layout: steps that go back, as after a rollback, take nothing out."""

EVENTS, CONFIG = "events", "campaign"
"""Tags of texts: what has happened, and the campaign file."""


class TensorBoard:
    """A folder that TensorBoard is shown."""

    def __init__(self, folder: Path) -> None:
        """Nothing is written yet.

        Args:
            folder: holds a folder for each campaign.
        """
        self._folder = folder

    def tell(self, told: About, given: Sequence[Entry], *, over: bool) -> int:
        """Write what is missing; see `Tracker`.

        Raises:
            ServiceError: the file cannot be written, or is another campaign's.
        """
        pieces = [_head(told, given), *(_piece(entry) for entry in given)]
        path = self._folder / told.campaign_id / f"events.out.tfevents.{int(given[0].seconds):010d}.also"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(0)
                return _add(file, file.read(), pieces, path)
        except OSError as error:
            raise ServiceError(f"{path} cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Nothing is held."""


def _add(file: io.BufferedRandom, before: bytes, pieces: Sequence[bytes], path: Path) -> int:
    whole = b"".join(pieces)
    if whole.startswith(before):
        file.write(whole[len(before) :])
    elif not before.startswith(whole):  # as it is where another process has told more
        raise ServiceError(f"{path} is of another campaign, or of another ALSO; name another folder, or remove it")
    ends = accumulate(map(len, pieces))
    return sum(end > len(before) for end in ends) - (len(pieces[0]) > len(before))


def _head(told: About, given: Sequence[Entry]) -> bytes:
    config = "\n".join(f"    {line}" for line in yaml.safe_dump(dict(told.config), sort_keys=False).splitlines())
    seconds = given[0].seconds
    text = _text(CONFIG, f"Campaign {told.campaign_id} ({told.identity[:12]}), task {told.task}\n\n{config}")
    return _framed(
        [Event(wall_time=seconds, file_version=VERSION), Event(wall_time=seconds, summary=Summary(value=[text]))]
    )


def _piece(entry: Entry) -> bytes:
    values = [Summary.Value(tag=name, simple_value=value) for name, value in sorted(entry.scalars.items())]
    if entry.text:
        values.append(_text(EVENTS, entry.text))
    return _framed([Event(wall_time=entry.seconds, step=entry.run_env_steps, summary=Summary(value=values))])


def _framed(events: Sequence[Event]) -> bytes:
    content = io.BytesIO()
    writer = RecordWriter(content)
    for event in events:
        writer.write(event.SerializeToString(deterministic=True))
    return content.getvalue()


def _text(tag: str, text: str) -> Summary.Value:
    plugin = SummaryMetadata.PluginData(plugin_name="text")
    tensor = TensorProto(
        dtype=DT_STRING,
        string_val=[text.encode()],
        tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)]),
    )
    return Summary.Value(tag=tag, metadata=SummaryMetadata(plugin_data=plugin), tensor=tensor)
