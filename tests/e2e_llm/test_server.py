"""What our code rests on in a real vLLM server: the protocol, the grammar of a reply, counts and errors.

Every sample of a tiny model of random weights is another one, so a bound that no sample breaks is a bound that the
grammar keeps. Strings with `maxLength` are read with `strict=False`: xgrammar lets raw control characters into them
(mlc-ai/xgrammar#800).
"""

import json
import re
from pathlib import Path

import httpx2
import pytest

pytestmark = pytest.mark.timeout(600)  # the first test waits for the server

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLES = 16
QUESTION = [{"role": "user", "content": "Why is the team not learning now?"}]
NUMBERS = [0.1, 0.25, 1, -2, 1e-3, 1_000_000]
VARIANTS = [
    {"kind": {"const": "potential"}, "scale": {"type": "number", "minimum": 0.05, "maximum": 2}},
    {"kind": {"const": "event"}, "threshold": {"enum": NUMBERS}},
]


def record(**properties):
    """Schema of an object that has exactly these keys."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def one_of_the_variants(value):
    """Whether a value is an object of one variant, with its keys in order."""
    if value["kind"] == "potential":
        return list(value) == ["kind", "scale"] and 0.05 <= value["scale"] <= 2
    return list(value) == ["kind", "threshold"] and value["threshold"] in NUMBERS


OBEYED = {
    "maxLength": ({"type": "string", "maxLength": 20}, lambda value: len(value) <= 20),
    "minLength": ({"type": "string", "minLength": 5, "maxLength": 6}, lambda value: 5 <= len(value) <= 6),
    "pattern": (
        {"type": "string", "pattern": "^[a-z_]{1,12}$"},
        lambda value: re.fullmatch("[a-z_]{1,12}", value),
    ),
    "items": (
        {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 9}, "minItems": 2, "maxItems": 4},
        lambda value: 2 <= len(value) <= 4 and all(type(item) is int and 0 <= item <= 9 for item in value),
    ),
    "integer": (
        {"type": "integer", "minimum": -3, "maximum": 17},
        lambda value: type(value) is int and -3 <= value <= 17,
    ),
    "number": ({"type": "number", "minimum": -1, "maximum": 0.5}, lambda value: -1 <= value <= 0.5),
    "above": ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, lambda value: 0 < value <= 1),
    "enum": ({"type": "string", "enum": ["agent", "team"]}, lambda value: value in ("agent", "team")),
    "enum of numbers": ({"enum": NUMBERS}, lambda value: value in NUMBERS),
    "null": (
        {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 5}, {"type": "null"}]},
        lambda value: value is None or 1 <= value <= 5,
    ),
    "variants": ({"anyOf": [record(**variant) for variant in VARIANTS]}, one_of_the_variants),
}

REFUSED = {
    "multipleOf": {"type": "integer", "multipleOf": 2},
    "uniqueItems": {"type": "array", "items": {"type": "boolean"}, "maxItems": 2, "uniqueItems": True},
    "contains": {"type": "array", "items": {"type": "boolean"}, "maxItems": 2, "contains": {"const": True}},
    "allOf": {"allOf": [{"type": "integer"}, {"minimum": 3}]},
    "patternProperties": {
        "type": "object",
        "properties": {"a": {"const": 1}},
        "patternProperties": {"b": {"const": 1}},
    },
    "pattern with maxLength": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 5},
    "unknown format": {"type": "string", "format": "binary"},
    "unknown type": {"type": "text"},
    "no value": {"enum": []},
    "no range": {"type": "integer", "minimum": 5, "maximum": 3},
}


@pytest.fixture
def http(llm_server):
    """A client of the server's own paths."""
    with httpx2.Client(base_url=llm_server.root, timeout=120, trust_env=False) as client:
        yield client


@pytest.fixture
def ask(http, llm_server):
    """Asks for a chat completion; keyword arguments are fields of the request, `schema` is the reply's."""

    def asked(schema=None, **fields):
        body = {"model": llm_server.model, "messages": QUESTION, "max_tokens": 400, "seed": 1, **fields}
        if schema is not None:
            wanted = {"name": "reply", "schema": schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": wanted}
        return http.post("/v1/chat/completions", json=body)

    return asked


def test_the_model_is_listed_with_its_context(http, llm_server):
    """The list of models says how long prompt and reply may be together."""
    (model,) = http.get("/v1/models").json()["data"]
    assert (model["id"], model["max_model_len"]) == (llm_server.model, llm_server.context_tokens)


@pytest.mark.parametrize(("schema", "holds"), OBEYED.values(), ids=OBEYED.keys())
def test_every_reply_obeys_its_schema(ask, schema, holds):
    """Each sample ends by itself, and its value is inside the bounds."""
    response = ask(record(value=schema), n=SAMPLES)
    assert response.status_code == 200, response.text
    for choice in response.json()["choices"]:
        assert choice["finish_reason"] == "stop"
        value = json.loads(choice["message"]["content"], strict=False)["value"]
        assert holds(value), value


def test_a_reply_has_no_whitespace_between_its_parts(ask):
    """The server was told so; else a weak model fills its reply with blanks up to the last token."""
    schema = record(a={"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 2}, b={"type": "null"})
    for choice in ask(schema, n=SAMPLES).json()["choices"]:
        content = choice["message"]["content"]
        assert content == json.dumps(json.loads(content), separators=(",", ":"))


@pytest.mark.parametrize("schema", REFUSED.values(), ids=REFUSED.keys())
def test_a_schema_outside_the_grammar_is_refused(ask, schema):
    """Nothing is generated, and the answer is 400."""
    response = ask(record(value=schema))
    assert response.status_code == 400
    assert "schema" in response.json()["error"]["message"]


@pytest.mark.parametrize(("repetitions", "status"), [(128, 200), (129, 500)])
def test_a_pattern_repeats_at_most_128_times(ask, repetitions, status):
    """One more is an error of the server, and the next request is served all the same."""
    assert ask(record(value={"type": "string", "pattern": f"^[a-z]{{1,{repetitions}}}$"})).status_code == status
    assert ask(max_tokens=1).status_code == 200


def test_samples_are_as_many_as_were_asked_for(ask):
    """`n` samples are `n` choices, numbered, and not all the same."""
    choices = ask(n=5, max_tokens=20).json()["choices"]
    assert [choice["index"] for choice in choices] == [0, 1, 2, 3, 4]
    assert len({choice["message"]["content"] for choice in choices}) > 1


def test_a_reply_that_was_cut_off_says_so(ask):
    """With too few tokens it ends because of its length, and is no JSON."""
    response = ask(record(value={"type": "string", "minLength": 200, "maxLength": 300}), max_tokens=8).json()
    (choice,) = response["choices"]
    assert choice["finish_reason"] == "length"
    assert response["usage"]["completion_tokens"] == 8
    with pytest.raises(ValueError):
        json.loads(choice["message"]["content"], strict=False)


def test_usage_counts_the_tokens_of_all_samples(ask):
    """The prompt counts once, the samples together."""
    usage = ask(n=3, max_tokens=10, ignore_eos=True).json()["usage"]
    assert usage["completion_tokens"] == 30
    assert usage["total_tokens"] == usage["prompt_tokens"] + 30


def test_messages_are_counted_as_they_are_billed(ask, http, llm_server):
    """The count of a chat, with its template, is the prompt's in the usage."""
    counted = http.post("/tokenize", json={"model": llm_server.model, "messages": QUESTION}).json()
    assert counted["count"] == ask(max_tokens=1).json()["usage"]["prompt_tokens"]
    assert counted["max_model_len"] == llm_server.context_tokens


def test_a_prompt_of_plain_text_is_counted(http, llm_server):
    """English has a few characters a token."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    counted = http.post("/tokenize", json={"model": llm_server.model, "prompt": text}).json()
    assert 2 < len(text) / counted["count"] < 6


def test_a_long_prompt_with_a_seed_is_answered(ask, http, llm_server):
    """Two thirds of the context are read at once, for more than one sample."""
    text = (ROOT / "docs/campaign.md").read_text(encoding="utf-8")
    count = http.post("/tokenize", json={"model": llm_server.model, "prompt": text}).json()["count"]
    length = len(text) * (llm_server.context_tokens * 2 // 3) // count
    message = {"role": "user", "content": (text * (length // len(text) + 1))[:length]}
    response = ask(messages=[message], n=2, max_tokens=5)
    assert response.status_code == 200, response.text
    assert response.json()["usage"]["prompt_tokens"] > llm_server.context_tokens // 2


def test_a_prompt_beyond_the_context_is_refused(ask, llm_server):
    """400, with both numbers."""
    response = ask(messages=[{"role": "user", "content": "0 " * 2 * llm_server.context_tokens}])
    assert response.status_code == 400
    assert str(llm_server.context_tokens) in response.json()["error"]["message"]


def test_a_reply_may_take_what_the_prompt_leaves_of_the_context(ask, llm_server):
    """As many `max_tokens` as the context has are allowed, and mean the rest of it; one more is 400."""
    schema = record(value={"type": "null"})
    assert ask(schema, max_tokens=llm_server.context_tokens).status_code == 200
    assert ask(schema, max_tokens=llm_server.context_tokens + 1).status_code == 400


def test_a_model_that_is_not_served_is_not_found(ask, http):
    """404, for a completion and for a count."""
    assert ask(model="another").status_code == 404
    assert http.post("/tokenize", json={"model": "another", "prompt": "0"}).status_code == 404


def test_the_server_counts_what_it_did(ask, http):
    """Prometheus finds tokens, requests by how they ended, and use of the cache."""
    assert ask(max_tokens=1).status_code == 200
    samples = re.findall(r"^(vllm:\w+)\{[^}]*\} (\S+)$", http.get("/metrics").text, re.MULTILINE)
    totals = {}
    for name, value in samples:
        totals[name] = totals.get(name, 0) + float(value)
    for name in ("prompt_tokens", "generation_tokens", "request_success"):
        assert totals[f"vllm:{name}_total"] > 0
    assert {"vllm:num_requests_running", "vllm:kv_cache_usage_perc", "vllm:prefix_cache_hits_total"} <= totals.keys()
    assert {"vllm:e2e_request_latency_seconds_count", "vllm:time_to_first_token_seconds_count"} <= totals.keys()
