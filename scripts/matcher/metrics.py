"""What `/metrics` shows, in Prometheus' format, read from the matcher when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from scripts.matcher.service import Matcher


class _Numbers(Collector):
    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher

    def collect(self) -> Iterator[Metric]:
        matcher = self._matcher
        intake, engine = matcher.intake, matcher.engine
        yield CounterMetricFamily("matcher_orders_accepted", "Orders taken", value=intake.accepted)
        rejected = CounterMetricFamily("matcher_orders_rejected", "Requests refused", labels=["code"])
        for code, count in intake.rejected.items():
            rejected.add_metric([code], count)
        yield rejected
        yield CounterMetricFamily("matcher_matches", "Matches made", value=engine.next_match - 1)
        yield CounterMetricFamily(
            "matcher_unwound", "Matches that the chain refused", value=matcher.settler.unwound
        )
        yield CounterMetricFamily(
            "matcher_transactions_sent", "Settlement transactions", value=matcher.settler.sent
        )
        yield CounterMetricFamily(
            "matcher_reorganisations", "Of the chain", value=matcher.follower.reorganisations
        )
        yield CounterMetricFamily(
            "matcher_database_groups", "Transactions of the database", value=matcher.journal.groups
        )
        yield GaugeMetricFamily(
            "matcher_orders_open", "Orders that may still be filled", value=len(engine.live)
        )
        yield GaugeMetricFamily("matcher_matches_unsettled", "Matches under way", value=len(engine.matches))
        head = matcher.follower.head
        yield GaugeMetricFamily("matcher_block", "Latest block seen", value=head.number if head else -1)
        yield GaugeMetricFamily(
            "matcher_chain_trouble", "1 while the chain does not answer", value=bool(matcher.trouble)
        )
        times = sorted(intake.match_seconds)
        if times:
            shown = GaugeMetricFamily(
                "matcher_match_seconds", "From arrival to matched, latest orders", labels=["quantile"]
            )
            for quantile in (0.5, 0.99):
                shown.add_metric([str(quantile)], times[min(int(len(times) * quantile), len(times) - 1)])
            yield shown


def exposition(matcher: Matcher) -> bytes:
    """All numbers as text."""
    registry = CollectorRegistry()
    registry.register(_Numbers(matcher))
    return generate_latest(registry)
