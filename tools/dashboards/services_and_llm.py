"""The dashboard of services, minds and vLLM."""

from tools.dashboards.board import Section, campaign, dashboard, namespace, release
from tools.dashboards.panels import Json, lines, number

_OURS = 'namespace=~"$namespace",release=~"$release",campaign=~"$campaign"'

_VLLM = 'model_name=~".+"'

_ALSO = "and on (namespace, pod, instance) also_build_info"
"""Keeps what the processes of ALSO tell, whatever else is scraped; both end with a scrape that fails."""

_ONCE_ALSO = "and on (namespace, pod, instance) last_over_time(also_build_info[1h])"
"""Keeps what Prometheus tells of them, which goes on when they do not answer and their own series have ended."""


def services_and_llm() -> Json:
    """How the minds ask their LLM, how the LLM server does, and how services answer."""
    return dashboard(
        "services-and-llm",
        "How the minds ask their LLM, how the LLM server does, and how services answer.",
        [_minds(), _vllm(), _services()],
        variables=[namespace(), release(), campaign(many=True)],
    )


def _minds() -> Section:
    return Section(
        title="Minds and their LLM",
        rows=[
            (
                8,
                [
                    lines(
                        "LLM calls",
                        "Calls of the minds, by outcome. Failed calls are repeated within the endpoint's tries.",
                        (
                            f"sum by (mind, outcome) (rate(also_llm_calls_total{{{_OURS}}}[$__rate_interval]))",
                            "{{mind}} {{outcome}}",
                        ),
                        unit="reqps",
                    ),
                    lines(
                        "LLM latency",
                        "Time of an answered call: median and 95 % quantile.",
                        (_quantile(0.5, "also_llm_seconds", "mind", _OURS), "{{mind}} median"),
                        (_quantile(0.95, "also_llm_seconds", "mind", _OURS), "{{mind}} 95 %"),
                        unit="s",
                    ),
                    lines(
                        "Tokens",
                        "Tokens of the minds by kind, by the server's count. Completions include thinking, and "
                        "prompts what the server took from its prefix cache.",
                        (
                            f"sum by (mind, kind) (rate(also_llm_tokens_total{{{_OURS}}}[$__rate_interval]))",
                            "{{mind}} {{kind}}",
                        ),
                        (
                            f"sum by (mind) (rate(also_llm_cached_tokens_total{{{_OURS}}}[$__rate_interval]))",
                            "{{mind}} prompt, cached",
                        ),
                    ),
                ],
            ),
            (
                5,
                [
                    number(
                        "Tokens so far",
                        "Prompt and completion tokens of both minds, counted by those processes that run now.",
                        (f"sum(also_llm_tokens_total{{{_OURS}}})", "tokens"),
                    ),
                    number(
                        "Cost so far",
                        "By the endpoint's prices, in their currency, counted by those processes that run now.",
                        (f"sum(also_llm_cost_total{{{_OURS}}})", "cost"),
                        decimals=2,
                    ),
                    lines(
                        "Replies that could not be used",
                        "Replies refused as a whole, and those that one repair made usable.",
                        (_increase("also_llm_invalid_total", "mind"), "{{mind}} invalid"),
                        (_increase("also_llm_repaired_total", "mind"), "{{mind}} repaired"),
                    ),
                    lines(
                        "Questions without an answer",
                        "By named reason. The stage holds then, and training goes on.",
                        (_increase("also_llm_unanswered_total", "mind, reason"), "{{mind}} {{reason}}"),
                    ),
                ],
            ),
        ],
    )


def _vllm() -> Section:
    return Section(
        title="vLLM",
        rows=[
            (
                8,
                [
                    lines(
                        "Requests",
                        "Requests that are answered now, and those that wait.",
                        (f"sum by (model_name) (vllm:num_requests_running{{{_VLLM}}})", "{{model_name}} running"),
                        (f"sum by (model_name) (vllm:num_requests_waiting{{{_VLLM}}})", "{{model_name}} waiting"),
                    ),
                    lines(
                        "Tokens of the server",
                        "Tokens a second, read and written.",
                        (_vllm_rate("vllm:prompt_tokens_total", "model_name"), "{{model_name}} prompt"),
                        (_vllm_rate("vllm:generation_tokens_total", "model_name"), "{{model_name}} generation"),
                    ),
                    lines(
                        "Latency of the server",
                        "95 % quantiles of the time to the first token, and of the whole request.",
                        (
                            _quantile(0.95, "vllm:time_to_first_token_seconds", "model_name", _VLLM),
                            "{{model_name}} first token",
                        ),
                        (
                            _quantile(0.95, "vllm:e2e_request_latency_seconds", "model_name", _VLLM),
                            "{{model_name}} whole",
                        ),
                        unit="s",
                    ),
                ],
            ),
            (
                7,
                [
                    lines(
                        "KV cache",
                        "Share of the cache that is in use.",
                        (f"max by (model_name) (vllm:kv_cache_usage_perc{{{_VLLM}}})", "{{model_name}}"),
                        unit="percentunit",
                        most=1,
                    ),
                    lines(
                        "Prefix cache",
                        "Share of prompt tokens found in the cache: prompts begin with their constant parts.",
                        (
                            " / ".join(
                                _vllm_rate(f"vllm:prefix_cache_{what}_total", "model_name")
                                for what in ("hits", "queries")
                            ),
                            "{{model_name}}",
                        ),
                        unit="percentunit",
                        most=1,
                    ),
                    lines(
                        "Why replies ended",
                        "`length` is a reply that was cut off: raise max_tokens, or ask for less thinking.",
                        (_vllm_rate("vllm:request_success_total", "finished_reason"), "{{finished_reason}}"),
                        unit="reqps",
                    ),
                ],
            ),
        ],
    )


def _services() -> Section:
    calls = 'namespace=~"$namespace",release=~"$release"'
    answered = f"rate(grpc_server_handled_total{{{calls}}}[$__rate_interval])"
    return Section(
        title="Services",
        rows=[
            (
                8,
                [
                    lines(
                        "Calls",
                        "Calls that services have answered, by status code.",
                        (
                            f"sum by (grpc_service, grpc_code) ({answered})",
                            "{{grpc_service}} {{grpc_code}}",
                        ),
                        unit="reqps",
                    ),
                    lines(
                        "Latency",
                        "95 % quantile of the time that a service takes to answer. Training and validating are one "
                        "call each.",
                        (_quantile(0.95, "grpc_server_handling_seconds", "grpc_method", calls), "{{grpc_method}}"),
                        unit="s",
                    ),
                ],
            ),
            (
                7,
                [
                    lines(
                        "Answers to Prometheus",
                        "1 where a process of ALSO was scraped, 0 where it did not answer, for up to an hour.",
                        (f"up{{{calls}}} {_ONCE_ALSO}", "{{pod}} {{instance}}"),
                        stepped=True,
                        most=1,
                    ),
                    lines(
                        "Memory",
                        "Resident memory of ALSO's processes.",
                        (f"process_resident_memory_bytes{{{calls}}} {_ALSO}", "{{pod}} {{instance}}"),
                        unit="bytes",
                    ),
                    lines(
                        "CPU",
                        "Cores that ALSO's processes use.",
                        (
                            f"rate(process_cpu_seconds_total{{{calls}}}[$__rate_interval]) {_ALSO}",
                            "{{pod}} {{instance}}",
                        ),
                    ),
                ],
            ),
        ],
    )


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
