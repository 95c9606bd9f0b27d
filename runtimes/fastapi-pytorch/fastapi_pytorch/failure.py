"""Why a model cannot be served: a reason and a sentence, for the log and for what Kubernetes keeps of an ended container."""

import json
import logging
from pathlib import Path

PERMANENT = 42
"""Exit code for what another try cannot mend; Jobs give up at it."""

RETRYABLE = 1

MOST_BYTES = 4096
"""Kubernetes cuts what is longer, and what is cut is no JSON."""

LONGEST_MESSAGE = 1000

log = logging.getLogger(__name__)


class LoadFailure(Exception):
    """A model that cannot be served. `reason` is one word as Kubernetes writes them, `message` a sentence with the remedy."""

    def __init__(self, reason: str, message: str, exit_code: int = PERMANENT) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.exit_code = exit_code


def leave_words(failure: LoadFailure, file: Path) -> None:
    """Logs the failure, and writes it to the termination log."""
    log.error(failure.message, extra={"reason": failure.reason})
    text = failure.message[:LONGEST_MESSAGE]
    while len(line := json.dumps({"reason": failure.reason, "message": text})) > MOST_BYTES:
        text = text[: len(text) * 9 // 10]
    try:
        file.write_text(line)
    except OSError as error:
        log.warning("the termination message cannot be written", extra={"error": str(error)})
