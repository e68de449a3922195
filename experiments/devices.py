"""The device to train on. It is named by the environment, which reaches every process and every job of a sweep."""

import os

import torch

from writeup.errors import WriteupError
from writeup.experiments import DEVICE


def training_device() -> torch.device:
    """The device that the environment names, the CPU where it names none.

    Raises `WriteupError` for another name, and where PyTorch finds no CUDA device.
    """
    named = os.environ.get(DEVICE) or "cpu"
    if named not in ("cpu", "cuda"):
        raise WriteupError(f"device to train on: {DEVICE} is {named!r}; legal are cpu and cuda")
    if named == "cuda" and not torch.cuda.is_available():
        raise WriteupError(
            f"device to train on: {DEVICE} is cuda, but PyTorch {torch.__version__} finds no CUDA device; "
            "legal here is cpu"
        )
    return torch.device(named)


def device_name(device: torch.device) -> str:
    """What a record says of the device; empty for the CPU, which the record names itself."""
    return f"GPU ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""
