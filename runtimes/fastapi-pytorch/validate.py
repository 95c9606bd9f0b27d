"""The validation script of this image: the model can be loaded, and predicts VALIDATION_FEATURES where they are given. Exit code 42: it never will.

VALIDATION_FEATURES is JSON as POST /predict takes it, or the rows alone.
"""

import json
import logging
import sys

from fastapi_pytorch.failure import LoadFailure, leave_words
from fastapi_pytorch.logs import start_logs
from fastapi_pytorch.settings import Settings, read_settings, termination_log


def validate(settings: Settings) -> dict:
    """What was found, as JSON has it. Raises LoadFailure."""
    from fastapi_pytorch.load import load_model
    from fastapi_pytorch.metrics import Metrics
    from fastapi_pytorch.predict import predict
    from fastapi_pytorch.refusal import Refusal

    model = load_model(settings)
    found = {"format": model.format, "sha256": model.sha256}
    text = settings.validation_features.strip()
    if text == "":
        return found
    body = text if text.startswith("{") else f'{{"features": {text}}}'
    try:
        return found | json.loads(predict(body.encode(), model, settings, Metrics()))
    except Refusal as refusal:
        raise LoadFailure("ValidationFailed", f"The model is loaded and does not predict VALIDATION_FEATURES: {refusal.sentence}") from refusal


def main() -> int:
    """Prints the result as one line of JSON; the exit code."""
    start_logs("warning")
    try:
        print(json.dumps(validate(read_settings())))
    except LoadFailure as failure:
        leave_words(failure, termination_log())
        return failure.exit_code
    return 0


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    sys.exit(code)
