"""The contract keeps buf's STANDARD rules, so that its tools can be used on it."""

import re

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
CAMEL = re.compile(r"([A-Z][a-z0-9]*)+")
UPPER = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")

CONCEPTS = (
    "branch campaign checkpoint conductor diagnosis episode evidence journal limits llm policy reading reason "
    "shaping situation summary task verdict"
)
SERVICES = "critic generator trainer validator"


@pytest.fixture(scope="session")
def messages(files):
    """Every message, by full name; entries of maps are left out."""
    found = {}

    def walk(prefix, kinds):
        for kind in kinds:
            if not kind.options.map_entry:
                found[f"{prefix}.{kind.name}"] = kind
                walk(f"{prefix}.{kind.name}", kind.nested_type)

    for file in files.values():
        walk(file.package, file.message_type)
    return found


@pytest.fixture(scope="session")
def enums(files, messages):
    """Every enum."""
    return [enum for file in files.values() for enum in file.enum_type] + [
        enum for message in messages.values() for enum in message.enum_type
    ]


def test_there_is_one_file_for_each_concept_and_service(files):
    """A file is called after what it describes."""
    assert sorted(files) == sorted(f"also/v1/{name}.proto" for name in f"{CONCEPTS} {SERVICES}".split())


def test_the_package_is_the_folder(files):
    """Every file is of package also.v1, in proto3."""
    assert {(file.package, file.syntax) for file in files.values()} == {("also.v1", "proto3")}


def test_names_have_their_case(messages, enums):
    """Messages and enums are CamelCase, fields and oneofs snake_case, values UPPER_CASE."""
    for message in messages.values():
        assert CAMEL.fullmatch(message.name)
        assert all(SNAKE.fullmatch(field.name) for field in message.field)
        assert all(SNAKE.fullmatch(oneof.name.removeprefix("_")) for oneof in message.oneof_decl)
    for enum in enums:
        assert CAMEL.fullmatch(enum.name)
        assert all(UPPER.fullmatch(value.name) for value in enum.value)


def test_enums_begin_with_unspecified(enums):
    """Value 0 is NAME_UNSPECIFIED, every value has the enum's prefix, and no number is used twice."""
    assert len(enums) > 15
    for enum in enums:
        prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", enum.name).upper() + "_"
        assert (enum.value[0].name, enum.value[0].number) == (prefix + "UNSPECIFIED", 0)
        assert all(value.name.startswith(prefix) for value in enum.value)
        assert not enum.options.allow_alias


def test_services_and_their_methods_have_their_own_messages(files):
    """A service is called ...Service, and each method has a request and a response of its own."""
    services = [service for file in files.values() for service in file.service]
    assert sorted(service.name for service in services) == [f"{name.title()}Service" for name in SERVICES.split()]
    for service in services:
        for method in service.method:
            assert CAMEL.fullmatch(method.name)
            assert method.input_type == f".also.v1.{method.name}Request"
            assert method.output_type == f".also.v1.{method.name}Response"
    names = [method.name for service in services for method in service.method]
    assert len(names) == len(set(names))


def test_names_never_carry_a_version(messages, enums):
    """There is no FooV2: a change that breaks is a new package."""
    assert [name for name in [*messages, *(enum.name for enum in enums)] if re.search(r"V[0-9]+$|New|Old", name)] == []


def test_only_types_with_one_plain_form_are_used(messages):
    """Every scalar has exactly one form in JSON and YAML: no bytes, no float32, no fixed-width integers."""
    allowed = {"DOUBLE", "INT32", "INT64", "UINT32", "BOOL", "STRING", "ENUM", "MESSAGE"}
    used = {
        FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_")
        for message in messages.values()
        for field in message.field
    }
    assert used <= allowed


def test_imports_are_used_once_and_sorted(files):
    """Imports are in order, without weak or public ones."""
    for file in files.values():
        own = [name for name in file.dependency if name.startswith("also/")]
        assert own == sorted(set(own))
        assert not file.public_dependency
        assert not file.weak_dependency
