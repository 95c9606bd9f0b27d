"""An answer that is no prediction."""


class Refusal(Exception):
    """`status` of HTTP, `reason` for the metric model_requests_refused_total, `sentence` for the caller."""

    def __init__(self, status: int, reason: str, sentence: str, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.reason = reason
        self.sentence = sentence
        self.retry_after = retry_after
