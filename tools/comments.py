"""The comments of the `.proto` files, by the full name of what they stand above."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)

from also.v1 import reason_pb2

_Path = tuple[int, ...]

_MESSAGE = FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER
_ENUM = FileDescriptorProto.ENUM_TYPE_FIELD_NUMBER
_SERVICE = FileDescriptorProto.SERVICE_FIELD_NUMBER
_EXTENSION = FileDescriptorProto.EXTENSION_FIELD_NUMBER


def comments(files: FileDescriptorSet) -> dict[str, str]:
    """Comment of every message, field, oneof, enum, value, service and method; a reason's begins with its sentence.

    Args:
        files: descriptors with source info.

    Returns:
        Full name (`also.v1.Campaign.task`; values as `also.v1.Outcome.OUTCOME_PROMOTED`) to the
        comment on one line, "" where there is none.
    """
    found: dict[str, str] = {}
    for file in files.file:
        texts = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
        for path, name in _named(file):
            found[f"{file.package}.{name}"] = " ".join(texts.get(path, "").split())
        for enum in file.enum_type:
            for value in enum.value:
                name = f"{file.package}.{enum.name}.{value.name}"
                sentence = value.options.Extensions[cast(Any, reason_pb2.sentence)]
                found[name] = f"{sentence} {found[name]}".strip()
    return found


def _named(file: FileDescriptorProto) -> Iterator[tuple[_Path, str]]:
    """Path in the file's descriptor, and name, of everything that should have a comment."""
    for index, message in enumerate(file.message_type):
        yield from _in_message(message, (_MESSAGE, index), "")
    for index, enum in enumerate(file.enum_type):
        yield from _in_enum(enum, (_ENUM, index), "")
    for index, service in enumerate(file.service):
        yield from _in_service(service, (_SERVICE, index))
    yield from _fields(file.extension, (_EXTENSION,), "")


def _in_message(message: DescriptorProto, path: _Path, outer: str) -> Iterator[tuple[_Path, str]]:
    if message.options.map_entry:
        return
    name = outer + message.name
    yield path, name
    yield from _fields(message.field, (*path, DescriptorProto.FIELD_FIELD_NUMBER), f"{name}.")
    optional = {field.oneof_index for field in message.field if field.proto3_optional}
    for index, oneof in enumerate(message.oneof_decl):
        if index not in optional:
            yield (*path, DescriptorProto.ONEOF_DECL_FIELD_NUMBER, index), f"{name}.{oneof.name}"
    for index, nested in enumerate(message.nested_type):
        yield from _in_message(nested, (*path, DescriptorProto.NESTED_TYPE_FIELD_NUMBER, index), f"{name}.")
    for index, enum in enumerate(message.enum_type):
        yield from _in_enum(enum, (*path, DescriptorProto.ENUM_TYPE_FIELD_NUMBER, index), f"{name}.")


def _fields(fields: Sequence[FieldDescriptorProto], path: _Path, outer: str) -> Iterator[tuple[_Path, str]]:
    for index, field in enumerate(fields):
        yield (*path, index), outer + field.name


def _in_enum(enum: EnumDescriptorProto, path: _Path, outer: str) -> Iterator[tuple[_Path, str]]:
    name = outer + enum.name
    yield path, name
    for index, value in enumerate(enum.value):
        yield (*path, EnumDescriptorProto.VALUE_FIELD_NUMBER, index), f"{name}.{value.name}"


def _in_service(service: ServiceDescriptorProto, path: _Path) -> Iterator[tuple[_Path, str]]:
    yield path, service.name
    for index, method in enumerate(service.method):
        yield (*path, ServiceDescriptorProto.METHOD_FIELD_NUMBER, index), f"{service.name}.{method.name}"
