"""A CUDA device that is only pretended: tensors that say they are on it, and compute on the CPU.

Inside `pretended()` a tensor made on "cuda" is a `PretendTensor`. Whatever real CUDA refuses is
refused here: an operation between a tensor of the device and one of the CPU (other than a number in
element-wise arithmetic, an index, or a copy), `numpy()`, and what has no deterministic kernel. So a
misplaced tensor is found on any machine; that sums differ in their last bits there is not.

To PyTorch's C++ a `PretendTensor` is on the "meta" device, whose operations and gradients need no
driver: a function mode writes "meta" for "cuda" before PyTorch looks for one, and says "cuda" when a
tensor is asked for its device. The device counts the bytes that are held, and how often the host waits.
"""

import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

CUDA = torch.device("cuda", 0)
"""The device that is pretended."""

_META, _CPU = torch.device("meta"), torch.device("cpu")
aten = torch.ops.aten

_TAKES_INDICES = {aten.index, aten.index_put, aten.index_put_, aten._unsafe_index}
"""Operations whose index tensors may be on the CPU."""

_TAKES_NUMBERS = {aten.fill, aten.fill_, aten.masked_fill, aten.masked_fill_}
"""Operations besides the element-wise ones that take a CPU tensor without dimensions as a number."""

_COPIES = {aten.copy_, aten._to_copy, aten._copy_from}
"""Operations that go from one device to the other."""

_NOT_DETERMINISTIC = {aten.put_, aten.histc, aten.median, aten.scatter_reduce, aten.scatter_reduce_}
"""Operations without a deterministic kernel on CUDA, as `torch.use_deterministic_algorithms` lists them."""

_WAITS = {aten._local_scalar_dense, aten.nonzero, aten.masked_select, aten.equal}
"""Operations whose result, or its shape, the host waits for; a copy to the CPU is one more."""


class PretendTensor(Tensor):
    """A tensor on the pretended device; `inner` is what it computes with."""

    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> "PretendTensor":
        with torch.inference_mode(False):  # else a view of what was made outside that mode cannot follow its base
            made = torch.Tensor._make_wrapper_subclass(
                cls,
                inner.size(),
                strides=inner.stride(),
                storage_offset=inner.storage_offset(),
                dtype=inner.dtype,
                layout=inner.layout,
                device=_META,
            )
        made.inner = inner
        return made

    def __repr__(self) -> str:
        return f"PretendTensor({object.__getattribute__(self, 'inner')})"

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _call(func, args, kwargs or {})

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise RuntimeError(f"{func} on a pretended device that is no more")


class PretendDevice:
    """What a pretended device has been used for."""

    def __init__(self) -> None:
        self.held_bytes = 0
        """Bytes of all tensors that are alive."""
        self.peak_bytes = 0
        """Most bytes at once."""
        self.waits: Counter[str] = Counter()
        """How often the host has waited, by operation."""
        self.operations = 0
        """Operations that were carried out."""
        self._users: Counter[int] = Counter()

    def wrap(self, inner: Tensor) -> PretendTensor:
        """A tensor on the device, of one on the CPU, whose memory it takes over."""
        made = PretendTensor(inner)
        storage = inner.untyped_storage()
        place, size = storage.data_ptr(), storage.nbytes()
        if place:
            if not self._users[place]:
                self.held_bytes += size
                self.peak_bytes = max(self.peak_bytes, self.held_bytes)
            self._users[place] += 1
            weakref.finalize(made, self._drop, place, size)
        return made

    def _drop(self, place: int, size: int) -> None:
        self._users[place] -= 1
        if not self._users[place]:
            del self._users[place]
            self.held_bytes -= size

    def dispatch(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Carry out one operation of PyTorch."""
        leaves = tree_flatten((args, kwargs))[0]
        given = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
        ours = any(isinstance(each, PretendTensor) for each in given)
        target = kwargs.get("device")
        if target is not None and torch.device(target).type == "meta":
            target = CUDA
            kwargs = {**kwargs, "device": _CPU}
        if not ours and target != CUDA:
            return func(*args, **kwargs)
        packet = func.overloadpacket
        if ours:
            self.operations += 1
            _check(func, packet, args, kwargs, given)
            to_cpu = target is not None and target != CUDA
            if packet in _WAITS or to_cpu or _masks(packet, args) or _copies_to_cpu(packet, args):
                self.waits[packet.__name__] += 1
        result = func(*tree_map(_inner, args), **tree_map(_inner, kwargs))
        if target is not None and target != CUDA:
            return result
        return self._wrapped(func, result, args, kwargs)

    def _wrapped(self, func: Any, result: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """The results, as the tensors of the device: those that were written to are the ones that were given."""
        written = {}
        for place, argument in enumerate(func._schema.arguments):
            if argument.alias_info is not None and argument.alias_info.is_write:
                value = args[place] if place < len(args) else kwargs.get(argument.name)
                for name in argument.alias_info.before_set:
                    written[name] = value

        def one(value: Any, returned: Any) -> Any:
            if returned.alias_info is not None and returned.alias_info.is_write:
                return written[next(iter(returned.alias_info.before_set))]
            return tree_map(lambda each: self.wrap(each) if isinstance(each, Tensor) else each, value)

        returns = func._schema.returns
        if len(returns) == 1:
            return one(result, returns[0])
        if not returns:
            return None
        return type(result)(one(value, returned) for value, returned in zip(result, returns, strict=True))


def _inner(value: Any) -> Any:
    return object.__getattribute__(value, "inner") if isinstance(value, PretendTensor) else value


def _masks(packet: Any, args: Any) -> bool:
    """Whether an operation is indexed by a mask, whose number of places the host has to know."""
    if packet not in _TAKES_INDICES:
        return False
    return any(isinstance(each, Tensor) and each.dtype == torch.bool for each in args[1]) and packet is aten.index


def _copies_to_cpu(packet: Any, args: Any) -> bool:
    return packet is aten.copy_ and not isinstance(args[0], PretendTensor)


def _check(func: Any, packet: Any, args: Any, kwargs: dict[str, Any], given: list[Tensor]) -> None:
    """Refuse what real CUDA refuses."""
    if torch.are_deterministic_algorithms_enabled() and (
        packet in _NOT_DETERMINISTIC or (packet is aten.bincount and len(args) > 1 and args[1] is not None)
    ):
        raise RuntimeError(f"{packet} has no deterministic kernel on CUDA")
    if packet in _COPIES:
        return
    if packet in _TAKES_INDICES:
        given = [args[0], *(each for each in args[2:3] if isinstance(each, Tensor))]
    strangers = [each for each in given if not isinstance(each, PretendTensor)]
    numbers = torch.Tag.pointwise in func.tags or packet in _TAKES_NUMBERS
    bad = [each for each in strangers if each.dim() or not numbers]
    for place, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = args[place] if place < len(args) else kwargs.get(argument.name)
            bad += [each for each in tree_flatten(value)[0] if isinstance(each, Tensor) and type(each) is Tensor]
    if bad:
        shapes = ", ".join(str(tuple(each.shape)) for each in bad)
        raise RuntimeError(
            f"Expected all tensors to be on the same device: {packet} has those of shapes {shapes} on cpu, "
            "and others on cuda:0"
        )


_MAKERS = {torch.tensor, torch.as_tensor, torch.asarray, torch.scalar_tensor}
"""What makes a tensor of plain data: "meta" would lose the data."""


def _call(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """A function of PyTorch, with "meta" written for "cuda"."""
    if func is torch.device:
        return func(*args, **kwargs)
    with torch._C.DisableTorchFunctionSubclass():
        if func in _ANSWERS and isinstance(args[0], PretendTensor):
            return _ANSWERS[func](args[0])
        if func in (Tensor.__getitem__, Tensor.__setitem__):
            return func(args[0], _as_index(args[1]), *args[2:])
        if func is torch.Tensor.cuda:
            return args[0].to(_META)
        if func is torch.Tensor.new_tensor and isinstance(args[0], PretendTensor):
            made = torch.tensor(args[1], dtype=kwargs.get("dtype") or args[0].dtype)
            return made.to(kwargs["device"] if _is_cpu(kwargs.get("device")) else _META)
        if func in _MAKERS and _is_cuda(kwargs.get("device")):
            if isinstance(args[0], PretendTensor):
                return args[0]
            return func(*args, **{**kwargs, "device": _CPU}).to(_META)
        return func(*tree_map(_renamed, tuple(args)), **tree_map(_renamed, dict(kwargs)))


def _as_index(value: Any) -> Any:
    """An index with tensors for its lists, which "meta" would lose."""
    if isinstance(value, tuple):
        return tuple(map(_as_index, value))
    return torch.tensor(value) if isinstance(value, list | range) else value


def _renamed(value: Any) -> Any:
    return _META if _is_cuda(value) else value


def _is_cuda(value: Any) -> bool:
    if isinstance(value, str):
        return value == "cuda" or value.startswith("cuda:")
    return isinstance(value, torch.device) and value.type == "cuda"


def _is_cpu(value: Any) -> bool:
    return value is not None and torch.device(value).type == "cpu"


def _refuse_numpy(tensor: Tensor) -> Any:
    raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first")


_ANSWERS: dict[Any, Any] = {
    Tensor.device.__get__: lambda tensor: CUDA,
    Tensor.is_cuda.__get__: lambda tensor: True,
    Tensor.is_cpu.__get__: lambda tensor: False,
    Tensor.is_meta.__get__: lambda tensor: False,
    Tensor.get_device: lambda tensor: 0,
    Tensor.numpy: _refuse_numpy,
    Tensor.__array__: _refuse_numpy,
    Tensor.tolist: lambda tensor: tensor.to(_CPU).tolist(),
}


class _Functions(TorchFunctionMode):
    """Writes "meta" for "cuda"."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _call(func, args, kwargs or {})


class _Dispatch(TorchDispatchMode):
    """Carries operations out on a pretended device."""

    def __init__(self, device: PretendDevice) -> None:
        super().__init__()
        self.device = device

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self.device.dispatch(func, args, kwargs or {})


@contextmanager
def pretended() -> Iterator[PretendDevice]:
    """A machine with one CUDA device, as long as it is entered; a tensor of it is of no use afterwards."""
    device = PretendDevice()
    before = torch.cuda.is_available, torch.accelerator.current_accelerator
    torch.cuda.is_available = lambda: True
    torch.accelerator.current_accelerator = lambda check_available=False: None  # else Adam looks for its stream
    try:
        with _Dispatch(device), _Functions():
            yield device
    finally:
        torch.cuda.is_available, torch.accelerator.current_accelerator = before
