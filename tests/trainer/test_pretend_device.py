"""The pretended device refuses what CUDA refuses, and allows what it allows."""

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor

from tests.trainer.pretend_device import CUDA, PretendDevice, PretendTensor, pretended


@pytest.fixture
def cuda() -> Iterator[PretendDevice]:
    """A machine with one CUDA device."""
    with pretended() as device:
        yield device


def there() -> Tensor:
    """Numbers on the device, float32 (2, 3)."""
    return torch.arange(6, device="cuda").view(2, 3).float()


HERE = torch.ones(2, 3)

REFUSED: dict[str, Callable[[Tensor], object]] = {
    "arithmetic": lambda x: x + HERE,
    "arithmetic, the other way": lambda x: HERE + x,
    "a sum in place, there": lambda x: x.add_(HERE),
    "a sum in place, here": lambda x: HERE.clone().add_(x),
    "a number here that is written to": lambda x: torch.zeros(()).add_(x.sum()),
    "cat": lambda x: torch.cat([x, HERE]),
    "stack": lambda x: torch.stack([x, HERE]),
    "a product of matrices": lambda x: x @ HERE.t(),
    "a product of matrices into a buffer": lambda x: torch.mm(x, x.t(), out=torch.zeros(2, 2)),
    "index_select": lambda x: x.index_select(0, torch.tensor([1])),
    "gather": lambda x: x.gather(1, torch.zeros(2, 1, dtype=torch.int64)),
    "where": lambda x: torch.where(HERE > 0, x, 0.0),
    "a mask": lambda x: x.masked_fill(HERE > 0, 1.0),
    "values under an index": lambda x: x.index_put((torch.tensor([0]),), HERE[:1]),
    "numpy": lambda x: x.numpy(),
    "bounds of clamp": lambda x: x.clamp(torch.zeros(3), torch.ones(3)),
    "a number where none is allowed": lambda x: torch.stack([x.sum(), torch.tensor(1.0)]),
}

ALLOWED: dict[str, Callable[[Tensor], object]] = {
    "a number in arithmetic": lambda x: x * torch.tensor(2.0),
    "a number in where": lambda x: torch.where(x > 0, x, torch.tensor(0.0)),
    "an index here": lambda x: x[torch.tensor([0, 1])],
    "a mask as an index": lambda x: x[HERE > 0],
    "an assignment of a number": lambda x: x.__setitem__(x > 3, 1.0),
    "a copy to the device": lambda x: x.copy_(HERE),
    "a copy to the CPU": lambda x: HERE.clone().copy_(x),
    "a comparison with a number": lambda x: x > 3,
    "arithmetic after a copy": lambda x: x.cpu() + HERE,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_mixes_devices_is_refused(cuda: PretendDevice, name: str) -> None:
    """As on CUDA, with the same words."""
    with pytest.raises((RuntimeError, TypeError), match=r"same device|can't convert cuda:0"):
        REFUSED[name](there())


@pytest.mark.parametrize("name", ALLOWED)
def test_what_cuda_takes_from_the_cpu_is_allowed(cuda: PretendDevice, name: str) -> None:
    """Numbers in arithmetic, indices, and copies."""
    ALLOWED[name](there())


def test_a_tensor_says_where_it_is(cuda: PretendDevice) -> None:
    """So do those that are made like it, of data, or moved; what was made without a device is on the CPU."""
    x = there()
    made = [
        x,
        x * 2,
        x[0],
        x.view(3, 2),
        torch.zeros_like(x),
        x.new_zeros(2),
        x.new_tensor([1.0]),
        torch.tensor([1, 2], device="cuda:0"),
        torch.as_tensor(5, device=x.device),
        torch.full((2,), 1.0, device=CUDA),
        HERE.to("cuda"),
        HERE.to(x.device, copy=True),
        HERE.to(x),
        HERE.cuda(),
        torch.nn.Parameter(x),
    ]
    assert [each.device for each in made] == [CUDA] * len(made)
    assert all(each.is_cuda and isinstance(each, PretendTensor) for each in made)
    assert x.device.type == "cuda"
    for each in (torch.zeros(2), x.cpu(), x.to("cpu"), torch.zeros_like(x, device="cpu"), torch.tensor(x.tolist())):
        assert each.device == torch.device("cpu")
        assert type(each) is Tensor


def test_what_is_read_and_written_by_index_is_that_of_the_cpu(cuda: PretendDevice) -> None:
    """By numbers, slices, lists, tensors and masks, of either device."""

    def written(x: Tensor, there: str) -> Tensor:
        x[0, 1] = 10.0
        x[:, [2, 0]] = x[:, [0, 2]] * 2.0
        x[[1], 1:] = 7.0
        x[x == 7.0] = -1.0
        x[torch.tensor([0], device=there), 0] = torch.tensor([5.0], device=there)
        x[:, -1:] += x[[0, 1]][:, :1]
        x[1] = torch.tensor(3.0)
        return x

    assert written(there(), "cuda").tolist() == written(there().cpu(), "cpu").tolist()


def test_numbers_are_those_of_the_cpu(cuda: PretendDevice) -> None:
    """Views share memory, writes are seen through them, and gradients come out."""
    x = there()
    x[:, 0].fill_(7.0)
    assert x.tolist() == [[7.0, 1.0, 2.0], [7.0, 4.0, 5.0]]
    assert (x.sum().item(), bool((x > 6).any()), int(x[1, 1])) == (26.0, True, 4)
    weights = torch.nn.Parameter(torch.ones(3, device="cuda"))
    optimiser = torch.optim.Adam([weights], lr=0.5, fused=True)
    (x @ weights).sum().backward()
    assert weights.grad is not None
    assert weights.grad.cpu().tolist() == [14.0, 5.0, 7.0]
    optimiser.step()
    assert weights.detach().cpu().tolist() == pytest.approx([0.5] * 3)


def test_tensors_of_inference_mode_are_those_of_the_cpu(cuda: PretendDevice) -> None:
    """Views of what was made outside, and writes inside."""
    x = there()
    with torch.inference_mode():
        x[:, 1:].mul_(2.0)
        made = x[0] + 1.0
        made[1:] = 0.0
    assert x.tolist() == [[0.0, 2.0, 4.0], [3.0, 8.0, 10.0]]
    assert made.tolist() == [1.0, 0.0, 0.0]


def test_a_kernel_that_is_not_deterministic_is_refused(cuda: PretendDevice) -> None:
    """By the list of `torch.use_deterministic_algorithms`, when that is on."""
    x = there()
    with pytest.raises(RuntimeError, match="deterministic"):
        x.histc(3)
    with pytest.raises(RuntimeError, match="deterministic"):
        torch.bincount(x.long().flatten(), weights=x.flatten())
    assert torch.bincount(x.long().flatten()).tolist() == [1] * 6


def test_memory_and_waiting_are_counted(cuda: PretendDevice) -> None:
    """Bytes while a tensor or a view of it is alive, the most at once, and reads of results by the host."""
    x = torch.zeros(1000, device="cuda")
    assert cuda.held_bytes == cuda.peak_bytes == 4000
    part = x[:10]
    del x
    assert cuda.held_bytes == 4000
    y = part + 1.0
    del part
    assert (cuda.held_bytes, cuda.peak_bytes) == (40, 4040)
    assert not cuda.waits
    float(y[0])
    y.tolist()
    assert cuda.waits.total() == 2


def test_nothing_is_pretended_afterwards() -> None:
    """The machine is what it was."""
    before = torch.cuda.is_available()
    with pretended():
        assert torch.cuda.is_available()
        left = there()
    assert torch.cuda.is_available() == before
    assert type(torch.zeros(2)) is Tensor
    with pytest.raises(RuntimeError, match="is no more"):
        left + 1.0
