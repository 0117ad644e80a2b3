#!/usr/bin/env bash
# outlines-core 0.2.14, which turns a JSON schema into the grammar that an LLM's reply is held to (a backend of vLLM and Outlines).
#
# A good guess: rules that stand side by side hold together, as JSON Schema has it. A name with a `pattern` and a `maxLength` (what
# pydantic writes for `Field(pattern=…, max_length=…)`) keeps to both, and `allOf` of two objects is one object with the
# fields of both. What is not supported raises an error.
# Seen: one of two string rules is kept, without a word: beside `minLength` or `maxLength` a `pattern` and a `format` are dropped,
# and beside `$ref` everything. A team's agents may then be called "!!" and its dates "soon".
# And `allOf` writes its members one after the other: of two objects the only replies that are taken are not JSON, while every valid
# one is refused: a model cannot answer such a schema at all. Each rule alone is right, so that a test of each finds nothing.
# Docs of `json_schema` list `allOf` ("all must be valid"), `pattern`, `format` and both lengths as supported, promise errors for the
# rest, and say nothing of two at once. Its issue 259 knows of `allOf`. Validate replies against the schema again.
# Source: the package, run here with a vocabulary of single characters; jsonschema 4.26.0 says what is valid.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet outlines-core==0.2.14 jsonschema==4.26.0
"$folder/venv/bin/python" - <<'PYTHON'
import json
from importlib.metadata import version

from jsonschema import Draft202012Validator, FormatChecker
from outlines_core import Guide, Index, Vocabulary
from outlines_core.json_schema import build_regex_from_schema

END = 0
TOKENS = {chr(code): code for code in range(32, 127)}
VOCABULARY = Vocabulary(END, {character: [token] for character, token in TOKENS.items()})


def taken(schema, reply):
    """Whether a model that is held to the schema can write the reply, a character a token."""
    guide = Guide(Index(build_regex_from_schema(json.dumps(schema)), VOCABULARY))
    for character in reply:
        if TOKENS[character] not in guide.get_tokens():
            return False
        guide.advance(TOKENS[character])
    return guide.is_finished() or END in guide.get_tokens()


def valid(schema, reply):
    """Whether the reply is JSON that the schema allows."""
    try:
        return Draft202012Validator(schema, format_checker=FormatChecker()).is_valid(json.loads(reply))
    except json.JSONDecodeError:
        return False


def fields(name):
    return {"type": "object", "properties": {name: {"type": "integer"}}, "required": [name]}


NAME = {"type": "string", "pattern": "^agent_[0-9]$"}
DAY = {"type": "string", "format": "date"}
BOTH = {"allOf": [fields("x"), fields("y")]}
REFERRED = {"$defs": {"name": {"type": "string"}}, "$ref": "#/$defs/name", "maxLength": 2}
WRONG = [
    ("pattern, maxLength", NAME | {"maxLength": 7}, '"!!"'),
    ("pattern, minLength", NAME | {"minLength": 2}, '"!!"'),
    ("format, maxLength", DAY | {"maxLength": 10}, '"soon"'),
    ("$ref, maxLength", REFERRED, '"agent"'),
    ("allOf", BOTH, '{"x":1}{"y":2}'),
    ("allOf", BOTH, '{"x":1,"y":2}'),
]
RIGHT = [
    ("pattern", NAME, '"!!"'),
    ("pattern", NAME, '"agent_1"'),
    ("format", DAY, '"soon"'),
    ("maxLength", {"type": "string", "maxLength": 2}, '"agent"'),
    ("one member", {"allOf": [fields("x")]}, '{"x":1}'),
]

print(f"outlines-core {version('outlines-core')}, jsonschema {version('jsonschema')}")
for cases, agree in ((RIGHT, True), (WRONG, False)):
    for name, schema, reply in cases:
        expected, seen = valid(schema, reply), taken(schema, reply)
        print(f"{name}: {reply} expected: {'taken' if expected else 'refused'}; seen: {'taken' if seen else 'refused'}")
        assert (seen == expected) == agree, f"{name} is another thing now"
PYTHON
