"""The dashboard of services, minds and vLLM."""

from tools.dashboards.board import Section, campaign, dashboard, model, namespace, release
from tools.dashboards.panels import Json, Panel, lines

_OURS = 'namespace=~"$namespace",release=~"$release",campaign=~"$campaign"'

_VLLM = 'model_name=~"$model"'

_ALSO = "and on (namespace, pod, instance) also_build_info"
"""Keeps what the processes of ALSO tell, whatever else is scraped; both end with a scrape that fails."""

_ONCE_ALSO = "and on (namespace, pod, instance) last_over_time(also_build_info[1h])"
"""Keeps what Prometheus tells of them, which goes on when they do not answer and their own series have ended."""


def services_and_llm() -> Json:
    """How the minds ask their LLM, how the LLM server does, and how services answer."""
    return dashboard(
        "services-and-llm",
        "How the minds ask their LLM, how the LLM server does, and how services answer.",
        [
            Section(title="Minds and their LLM", rows=[(8, _minds())]),
            Section(title="vLLM", rows=[(8, _vllm())]),
            Section(title="Services", rows=[(8, _services())]),
        ],
        variables=[namespace(), release(), campaign(many=True), model()],
    )


def _minds() -> list[Panel]:
    return [
        lines(
            "LLM calls",
            "Does the LLM answer? Calls of the minds, by outcome; failed ones are repeated within the endpoint's "
            "tries.",
            (
                f"sum by (mind, outcome) (rate(also_llm_calls_total{{{_OURS}}}[$__rate_interval]))",
                "{{mind}}: {{outcome}}",
            ),
            unit="reqps",
        ),
        lines(
            "LLM latency",
            "How long does a mind wait? Time of an answered call: median and 95 % quantile.",
            (_quantile(0.5, "also_llm_seconds", "mind", _OURS), "{{mind}}: median"),
            (_quantile(0.95, "also_llm_seconds", "mind", _OURS), "{{mind}}: 95 %"),
            unit="s",
        ),
        lines(
            "Tokens",
            "What does a mind read and write? Tokens a second by kind, by the server's count. Completions include "
            "thinking, and prompts what the server took from its prefix cache.",
            (
                f"sum by (mind, kind) (rate(also_llm_tokens_total{{{_OURS}}}[$__rate_interval]))",
                "{{mind}}: {{kind}}",
            ),
            (
                f"sum by (mind) (rate(also_llm_cached_tokens_total{{{_OURS}}}[$__rate_interval]))",
                "{{mind}}: prompt, cached",
            ),
        ),
        lines(
            "Replies that could not be used",
            "Is the model good enough? Replies refused as a whole, those that one repair made usable, and questions "
            "that had no answer in the end, for which the stage holds, by reason.",
            (_increase("also_llm_invalid_total", "mind"), "{{mind}}: invalid"),
            (_increase("also_llm_repaired_total", "mind"), "{{mind}}: repaired"),
            (_increase("also_llm_unanswered_total", "mind, reason"), "{{mind}}: no answer {{reason}}"),
        ),
    ]


def _vllm() -> list[Panel]:
    hits, queries = (_vllm_rate(f"vllm:prefix_cache_{what}_total", "model_name") for what in ("hits", "queries"))
    return [
        lines(
            "Requests",
            "Is the server busy? Requests that are answered now, and those that wait.",
            (f"sum by (model_name) (vllm:num_requests_running{{{_VLLM}}})", "{{model_name}}: running"),
            (f"sum by (model_name) (vllm:num_requests_waiting{{{_VLLM}}})", "{{model_name}}: waiting"),
        ),
        lines(
            "Latency of the server",
            "Is the server the slow part? 95 % quantiles of the time to the first token, and of the whole request.",
            (_quantile(0.95, "vllm:time_to_first_token_seconds", "model_name", _VLLM), "{{model_name}}: first token"),
            (_quantile(0.95, "vllm:e2e_request_latency_seconds", "model_name", _VLLM), "{{model_name}}: whole"),
            unit="s",
        ),
        lines(
            "Caches",
            "Is there memory left, and is it used well? Share of the KV cache that is in use, and of prompt tokens "
            "found in the prefix cache: prompts begin with their constant parts.",
            (f"max by (model_name) (vllm:kv_cache_usage_perc{{{_VLLM}}})", "{{model_name}}: KV cache in use"),
            (f"{hits} / {queries}", "{{model_name}}: found in prefix cache"),
            unit="percentunit",
            most=1,
        ),
        lines(
            "Why replies ended",
            "Are replies cut off? Those that ended by `length` were: raise max_tokens, or ask for less thinking.",
            (_vllm_rate("vllm:request_success_total", "finished_reason"), "{{finished_reason}}"),
            unit="reqps",
        ),
    ]


def _services() -> list[Panel]:
    calls = 'namespace=~"$namespace",release=~"$release"'
    answered = f"rate(grpc_server_handled_total{{{calls}}}[$__rate_interval])"
    return [
        lines(
            "Calls",
            "Do services answer well? Calls by service and status code.",
            (f"sum by (grpc_service, grpc_code) ({answered})", "{{grpc_service}}: {{grpc_code}}"),
            unit="reqps",
        ),
        lines(
            "Latency",
            "How long does a call take? 95 % quantile by method. Training and validating are one call each.",
            (_quantile(0.95, "grpc_server_handling_seconds", "grpc_method", calls), "{{grpc_method}}"),
            unit="s",
        ),
        lines(
            "Answers to Prometheus",
            "Is every process up? 1 where one was scraped, 0 where it did not answer, for up to an hour.",
            (f"up{{{calls}}} {_ONCE_ALSO}", "{{pod}} {{instance}}"),
            stepped=True,
            most=1,
        ),
        lines(
            "Memory",
            "Does a process come near its limit? Resident memory of ALSO's processes.",
            (f"process_resident_memory_bytes{{{calls}}} {_ALSO}", "{{pod}} {{instance}}"),
            unit="bytes",
        ),
    ]


def _quantile(share: float, name: str, by: str, scope: str) -> str:
    return f"histogram_quantile({share}, sum by ({by}, le) (rate({name}_bucket{{{scope}}}[$__rate_interval])))"


def _increase(name: str, by: str) -> str:
    """How much a counter rose, and 0 for every mind that has asked at all."""
    return (
        f"sum by ({by}) (increase({name}{{{_OURS}}}[$__rate_interval])) "
        f"or sum by (mind) (0 * also_llm_calls_total{{{_OURS}}})"
    )


def _vllm_rate(name: str, by: str) -> str:
    return f"sum by ({by}) (rate({name}{{{_VLLM}}}[$__rate_interval]))"
