"""Valid messages of every kind, drawn from the limits in the contract; and what tests of processes wait for."""

import time

import psutil
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from also.limits import field_limits, is_map

INTEGERS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
}


def scalars(field):
    """Values that a field's limits allow."""
    limits = field_limits(field)
    if field.enum_type is not None:
        first = 1 if limits.required or field.has_presence else 0
        return st.sampled_from([number for number in field.enum_type.values_by_number if number >= first])
    if field.type == FieldDescriptor.TYPE_BOOL:
        return st.booleans()
    if field.type == FieldDescriptor.TYPE_STRING:
        if limits.pattern:
            return st.from_regex(limits.pattern, fullmatch=True).filter(lambda text: text.isascii())
        return st.text(min_size=int(limits.required), max_size=min(limits.max_length or 20, 20))
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        low = limits.min if limits.HasField("min") else limits.above if limits.HasField("above") else None
        high = limits.max if limits.HasField("max") else limits.below if limits.HasField("below") else None
        return st.floats(
            low,
            high,
            exclude_min=limits.HasField("above"),
            exclude_max=limits.HasField("below"),
            allow_nan=False,
            allow_infinity=False,
        ).map(lambda number: number + 0.0)  # -0.0 has no form of its own in JSON
    low, high = INTEGERS[field.type]
    low = max(low, int(limits.min) if limits.HasField("min") else low, int(limits.required))
    low = max(low, int(limits.above) + 1 if limits.HasField("above") else low)
    high = min(high, int(limits.max) if limits.HasField("max") else high)
    return st.integers(low, high)


@st.composite
def valid_messages(draw, kind):
    """A message of a class with every limit kept."""
    message = kind()
    for field in kind.DESCRIPTOR.fields:
        limits = field_limits(field)
        required = limits.required
        excludes_zero = limits.min > 0 or (limits.HasField("above") and limits.above >= 0)
        always_set = required or (excludes_zero and not field.has_presence)
        if not (always_set or draw(st.booleans())):
            continue
        if is_map(field):
            value = field.message_type.fields_by_name["value"]
            for key in draw(st.lists(st.text(max_size=8), max_size=2)):
                getattr(message, field.name)[key].CopyFrom(draw(valid_messages(GetMessageClass(value.message_type))))
        elif field.is_repeated:
            for _ in range(draw(st.integers(int(required), 2))):
                if field.message_type is not None:
                    item = draw(valid_messages(GetMessageClass(field.message_type)))
                    getattr(message, field.name).add().CopyFrom(item)
                else:
                    getattr(message, field.name).append(draw(scalars(field)))
        elif field.message_type is not None:
            item = draw(valid_messages(GetMessageClass(field.message_type)))
            getattr(message, field.name).CopyFrom(item)
        else:
            setattr(message, field.name, draw(scalars(field)))
    return message


@pytest.fixture(scope="session")
def messages():
    """Strategy of valid messages of a class."""
    return valid_messages


@pytest.fixture
def eventually():
    """Waits until a condition holds; the test's own timeout is the limit."""

    def wait(condition):
        while not condition():
            time.sleep(0.01)

    return wait


@pytest.fixture
def gone():
    """Tells whether a process has ended (a zombie that nobody has waited for yet has)."""

    def tell(pid):
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return tell
