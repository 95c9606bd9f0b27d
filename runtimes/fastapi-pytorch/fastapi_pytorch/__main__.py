"""python -m fastapi_pytorch"""

import logging
import os
import sys

from .failure import LoadFailure, leave_words
from .logs import start_logs
from .settings import available_cpus, read_settings, termination_log


def main() -> int:
    """Serves until it is told to end; the exit code."""
    start_logs("info")
    try:
        settings = read_settings()
    except LoadFailure as failure:
        leave_words(failure, termination_log())
        return failure.exit_code
    start_logs(settings.log_level)
    import torch

    from .app import State
    from .server import Server

    torch.set_num_threads(settings.torch_threads or max(1, available_cpus() // settings.predict_threads))
    server = Server(State(settings))
    server.run()
    return server.exit_code


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    sys.stdout.flush()
    # Without waiting for threads: one may still be loading a model that nobody will ask.
    os._exit(code)
