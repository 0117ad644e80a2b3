"""Where a learner trains: from `learner.device` of the campaign file to a device of PyTorch.

    python -m also.services.trainer.device

prints what `auto` takes on this machine, without a campaign.

Only processes that train look for a device: to look is to load CUDA, which a process that is forked
later cannot use.
"""

import torch

from also.device import name_of
from also.errors import DeviceError
from also.v1.campaign_pb2 import LearnerSettings

_GIB = 2**30


def resolve(learner: LearnerSettings) -> torch.device:
    """The device that a learner's settings ask for.

    Args:
        learner: its settings; `auto` and an unset device take the first CUDA device, else the CPU.

    Raises:
        DeviceError: `cuda` is asked for, and this process can use no CUDA device.
    """
    asked = name_of(learner)
    if asked == "cpu" or (asked == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise DeviceError(f"learner.device is cuda, but {_why_not()}; allowed here: auto, cpu")
    return torch.device("cuda", 0)


def in_words(device: torch.device) -> str:
    """A device for people, e.g. "cpu" or "cuda:0 (NVIDIA H100 80GB HBM3, 79 GiB)"."""
    if device.type != "cuda":
        return str(device)
    total = torch.cuda.get_device_properties(device).total_memory
    return f"{device} ({torch.cuda.get_device_name(device)}, {total / _GIB:.0f} GiB)"


def choice_in_words(learner: LearnerSettings) -> str:
    """The device that a learner's settings come to, and why where they leave it open, e.g. "cpu, as learner.device is
    auto and there is no CUDA device".

    Raises:
        DeviceError: as `resolve`.
    """
    device = resolve(learner)
    if name_of(learner) != "auto":
        return in_words(device)
    return f"{in_words(device)}, as learner.device is auto" + (f" and {_why_not()}" if device.type == "cpu" else "")


def free_bytes(device: torch.device) -> int | None:
    """Memory of a device that nobody has taken, bytes; None for the CPU, whose memory is the machine's to give."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else None


def _why_not() -> str:
    if not torch.backends.cuda.is_built():  # type: ignore[no-untyped-call]
        return f"PyTorch {torch.__version__} is built without CUDA"
    return f"PyTorch {torch.__version__} finds no CUDA device"


def main() -> None:
    """Print what `auto` takes."""
    print(choice_in_words(LearnerSettings()))


if __name__ == "__main__":
    main()
