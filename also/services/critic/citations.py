"""Citations that cannot lie: a rule names a path, and the value is read from the evidence there.

A path is `FIELD`, `MESSAGE.FIELD`, or `LIST.NAME.FIELD`, where NAME is the milestone, feature, agent
or term of the item, or its index in a list without names:

    success_rate    returns.median    milestones.met_at_food.reached    curve.3.mean_return
"""

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from also.errors import DocumentError
from also.v1.diagnosis_pb2 import Citation
from also.v1.evidence_pb2 import Evidence


def cite(evidence: Evidence, *paths: str) -> list[Citation]:
    """A citation for each path, with the value that the evidence has there.

    Raises:
        DocumentError: the evidence has no number at a path.
    """
    return [Citation(item=path, value=value_at(evidence, path)) for path in paths]


def value_at(evidence: Evidence, path: str) -> float:
    """The number at a path, in that item's unit.

    Raises:
        DocumentError: the evidence has no number there.
    """
    owner, _, leaf = path.rpartition(".")
    field = _message_at(evidence, owner, path).DESCRIPTOR.fields_by_name.get(leaf)
    if field is None or field.is_repeated or field.cpp_type in _NO_NUMBER:
        raise DocumentError(f"evidence has no number at {path!r}")
    return float(getattr(_message_at(evidence, owner, path), leaf))


_NO_NUMBER = (FieldDescriptor.CPPTYPE_STRING, FieldDescriptor.CPPTYPE_MESSAGE)


def _message_at(evidence: Evidence, owner: str, path: str) -> Message:
    """The message that a path's last part belongs to; a name may itself contain dots."""
    if not owner:
        return evidence
    name, _, key = owner.partition(".")
    field = evidence.DESCRIPTOR.fields_by_name.get(name)
    if field is not None and field.message_type is not None:
        if not field.is_repeated and not key and evidence.HasField(name):
            return getattr(evidence, name)  # type: ignore[no-any-return]
        if field.is_repeated:
            for index, item in enumerate(getattr(evidence, name)):
                if key == _item_name(item, index):
                    return item  # type: ignore[no-any-return]
    raise DocumentError(f"evidence has no item {owner!r} (in path {path!r})")


def _item_name(item: Message, index: int) -> str:
    first = item.DESCRIPTOR.fields[0]
    return getattr(item, first.name) if first.cpp_type == FieldDescriptor.CPPTYPE_STRING else str(index)
