"""Modules that tests put into MODEL_CLASS, as an image would hold them."""

import json
import os
import socket

import torch


class Churn(torch.nn.Module):
    """Two layers; sizes come from MODEL_ARGS."""

    def __init__(self, inputs: int = 3, hidden: int = 8) -> None:
        super().__init__()
        self.first = torch.nn.Linear(inputs, hidden)
        self.second = torch.nn.Linear(hidden, 2)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.second(torch.relu(self.first(rows))), dim=1)


class Waiting(Churn):
    """Predicts once somebody has written to the FIFO of the environment, and says before that it waits."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        with open(os.environ["WAITING_FIFO"]) as fifo:
            fifo.read()
        return super().forward(rows)


class Slow(Churn):
    """Takes as long to make as the FIFO says."""

    def __init__(self) -> None:
        super().__init__()
        with open(os.environ["WAITING_FIFO"]) as fifo:
            fifo.read()


class Answers(torch.nn.Module):
    """Answers whatever JSON MODEL_ARGS names, or what JSON cannot say."""

    def __init__(self, answer: str) -> None:
        super().__init__()
        self.answer = answer
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, rows: torch.Tensor):
        special = {"sparse": rows.to_sparse, "complex": lambda: rows.to(torch.complex64), "socket": lambda: socket.socket, "half": rows.half, "count": lambda: torch.tensor(len(rows)), "nan": lambda: {"a": [1.0, float("nan")]}}
        return special[self.answer]() if self.answer in special else json.loads(self.answer)


class Raises(torch.nn.Module):
    """Fails in a line that looks like the first of several."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        raise ValueError('no such customer\n  File "secret.py", line 1')


def no_module() -> int:
    return 7
