"""What the server counts, in the format of Prometheus. No label and no number tells what clients sent."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from depparse import __version__

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_REQUESTS = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """The numbers of one server."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # times of first use, which nobody reads
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        name, to = "depparse", self.registry
        self.requests = Counter(f"{name}_requests", "Requests answered.", ["path", "method", "status"], registry=to)
        self.seconds = Histogram(
            f"{name}_request_seconds", "Time from a request to its answer.", ["path"], buckets=_SECONDS, registry=to
        )
        self.errors = Counter(f"{name}_errors", "Requests that failed, by kind of error.", ["kind"], registry=to)
        self.words = Counter(f"{name}_words", "Words analysed.", ["model"], registry=to)
        self.waiting = Gauge(f"{name}_waiting_requests", "Requests that are not answered yet.", registry=to)
        self.round_requests = Histogram(
            f"{name}_round_requests", "Requests whose sentences were analysed together.", buckets=_REQUESTS, registry=to
        )
        self.round_seconds = Histogram(
            f"{name}_round_seconds", "Time to analyse a few batches of sentences.", buckets=_SECONDS, registry=to
        )
        build = Gauge(f"{name}_build_info", "The version of depparse.", ["version"], registry=to)
        build.labels(__version__).set(1)

    def observe_round(self, jobs: int, words: int, seconds: float) -> None:
        """Counts a round of the scheduler."""
        if words:
            self.round_requests.observe(jobs)
            self.round_seconds.observe(seconds)

    def text(self) -> bytes:
        """All numbers, as Prometheus reads them."""
        return generate_latest(self.registry)
