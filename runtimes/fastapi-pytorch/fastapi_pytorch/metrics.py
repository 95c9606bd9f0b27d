"""What is counted. Names that prometheus-fastapi-instrumentator has, too, mean the same here."""

from prometheus_client import CollectorRegistry, Counter, Gauge, GCCollector, Histogram, Info, PlatformCollector, ProcessCollector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The metrics of one server."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        self.requests = Counter("http_requests_total", "Requests that were answered, by class of status.", ["handler", "method", "status"], registry=registry)
        self.seconds = Histogram("http_request_duration_seconds", "From the head of a request to the end of its answer.", ["handler", "method"], buckets=BUCKETS, registry=registry)
        self.refused = Counter("model_requests_refused_total", "Requests for predictions that got none, by reason.", ["reason"], registry=registry)
        self.in_flight = Gauge("model_requests_in_flight", "Requests for predictions that are read, wait or are worked on.", registry=registry)
        self.rows = Counter("model_rows_total", "Rows that were given to the model.", registry=registry)
        self.prediction_seconds = Histogram("model_prediction_seconds", "In the model and in turning its answer into lists.", buckets=BUCKETS, registry=registry)
        self.load_seconds = Gauge("model_load_seconds", "How long the model took to load.", registry=registry)
        self.model = Info("model", "The model that is loaded.", registry=registry)
