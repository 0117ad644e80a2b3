"""What metrics are kept in: the registry of this process, and values that are functions of journals."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

import prometheus_client
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

REGISTRY = CollectorRegistry()
"""Registry of this process."""

Counter = partial(prometheus_client.Counter, registry=REGISTRY)
Gauge = partial(prometheus_client.Gauge, registry=REGISTRY)
Histogram = partial(prometheus_client.Histogram, registry=REGISTRY)
"""Metrics that this process counts on."""


class JournalMetric(Collector):
    """A metric of campaigns that is a function of their journals: shown as a whole, never counted on.

    A conductor that takes up a campaign shows what the one before it did, and no scrape sees half of it.
    `also/campaign/telemetry.py` has the functions.
    """

    def __init__(
        self,
        family: type[GaugeMetricFamily | CounterMetricFamily],
        name: str,
        documentation: str,
        labels: Iterable[str] = (),
    ) -> None:
        """Declare it.

        Args:
            family: what it is for Prometheus.
            name: its name; a counter's is given `_total`.
            documentation: one sentence with its unit.
            labels: names of its labels beside `campaign`.
        """
        self.labels = ("campaign", *labels)
        self._family, self._name, self._documentation = family, name, documentation
        self._campaigns: Mapping[str, Mapping[tuple[str, ...], float]] = {}
        REGISTRY.register(self)

    def show(self, campaign_id: str, values: Mapping[tuple[str, ...], float]) -> None:
        """Replace all values of a campaign.

        Args:
            campaign_id: the campaign.
            values: each value by its labels' values, those of `campaign` left out.
        """
        self._campaigns = {**self._campaigns, campaign_id: dict(values)}

    def describe(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """The metric without values."""
        yield self._family(self._name, self._documentation, labels=self.labels)

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """The metric with its values."""
        for metric in self.describe():
            for campaign_id, values in self._campaigns.items():
                for labels, value in values.items():
                    metric.add_metric((campaign_id, *labels), value)
            yield metric
