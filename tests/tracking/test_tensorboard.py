"""TensorBoard's event file, written by ALSO and read by TensorBoard."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from also.errors import ServiceError
from also.tracking.tensorboard import TensorBoard


def content(folder):
    """Bytes of the one file."""
    (file,) = (folder / "some").iterdir()
    return file.read_bytes()


def test_tensorboard_reads_every_number_and_text(tmp_path, told, given):
    """At the env_steps of the main run, in the order in which they were told."""
    assert TensorBoard(tmp_path).tell(told, given, over=True) == len(given)
    read = EventAccumulator(str(tmp_path / "some"), size_guidance={"scalars": 0, "tensors": 0}).Reload()
    expected = {}
    for entry in given:
        for name, value in entry.scalars.items():
            expected.setdefault(name, []).append((entry.run_env_steps, pytest.approx(value, rel=1e-6)))
    assert {
        name: [(each.step, each.value) for each in read.Scalars(name)] for name in read.Tags()["scalars"]
    } == expected
    texts = [event.tensor_proto.string_val[0].decode() for event in read.Tensors("events")]
    assert texts == [entry.text for entry in given if entry.text]
    (config,) = read.Tensors("campaign")
    assert "learner.gamma: 0.99" in config.tensor_proto.string_val[0].decode()


def test_going_on_and_telling_again_come_to_the_same_bytes(tmp_path, told, given):
    """However often it was interrupted, in the middle of a record too."""
    TensorBoard(tmp_path / "once").tell(told, given, over=True)
    whole = content(tmp_path / "once")
    for count in (1, 7, 7, len(given), len(given)):
        TensorBoard(tmp_path / "often").tell(told, given[:count], over=False)
    assert content(tmp_path / "often") == whole
    (file,) = (tmp_path / "often" / "some").iterdir()
    for length in (0, 5, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        assert TensorBoard(tmp_path / "often").tell(told, given, over=True) > 0
        assert file.read_bytes() == whole


def test_how_many_entries_are_new_is_told(tmp_path, told, given):
    """None the second time; none where another process has told more."""
    tracker = TensorBoard(tmp_path)
    assert tracker.tell(told, given[:5], over=False) == 5
    assert tracker.tell(told, given, over=True) == len(given) - 5
    assert tracker.tell(told, given, over=True) == 0
    assert tracker.tell(told, given[:5], over=False) == 0


def test_the_file_of_another_campaign_is_left_alone(tmp_path, told, given):
    """The line says which file it is."""
    TensorBoard(tmp_path).tell(told, given, over=True)
    (file,) = (tmp_path / "some").iterdir()
    file.write_bytes(b"something else")
    with pytest.raises(ServiceError, match="is of another campaign, or of another ALSO; name another folder"):
        TensorBoard(tmp_path).tell(told, given, over=True)
    assert file.read_bytes() == b"something else"
