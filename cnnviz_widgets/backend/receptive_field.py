"""Which pixels a unit can see, worked out while a forward pass runs.

A tensor's `Field` says that the unit in row i sees the pixel rows from ``start + i * stride`` up to,
and without, ``start + i * stride + size``; columns likewise. Each operation turns the fields of what
it reads into the field of what it returns. An operation without a rule here could mix anything with
anything, so its result is taken to see the whole picture: the box may be too large, never too small.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor

Pair = tuple[int, int]


@dataclass(frozen=True)
class Field:
    """Where the rows and columns of one tensor look; `axes` are their positions, from the end."""

    size: Pair
    stride: Pair
    start: Pair
    axes: Pair = (-2, -1)


WHOLE = Field(size=(0, 0), stride=(0, 0), start=(0, 0), axes=(0, 0))
PIXELS = Field(size=(1, 1), stride=(1, 1), start=(0, 0))


@dataclass(frozen=True)
class ReceptiveField:
    """The part of the picture that can change one unit of a layer; the largest it can be.

    The actual field, where a change matters in practice, is smaller (Zhou et al., ICLR 2015).

    Attributes
    ----------
    size : (int, int)
        Height and width in pixels; larger than the picture for deep layers of some nets.
    stride : (int, int)
        Pixels from one unit's field to its neighbour's, down and across; 0 where all see the same.
    center : (float, float)
        Centre of the first unit's field, in pixel indices: row, column. (0, 0) is the middle of the first
        pixel.
    whole : bool
        True where a unit may depend on every pixel, as after a fully connected layer or attention.
    picture : (int, int)
        Height and width of the picture it was worked out for.
    """

    size: Pair
    stride: Pair
    center: tuple[float, float]
    whole: bool
    picture: Pair

    def box(self, row: int = 0, column: int = 0) -> tuple[int, int, int, int]:
        """Give the pixels that the unit at (row, column) can see, cut at the picture's edge.

        Returns
        -------
        (int, int, int, int)
            top, left, bottom, right; rows top to bottom - 1, columns left to right - 1.
        """
        edges = []
        for axis, index in enumerate((row, column)):
            first = round(self.center[axis] - (self.size[axis] - 1) / 2) + index * self.stride[axis]
            limit = self.picture[axis]
            edges.append((min(max(first, 0), limit), min(max(first + self.size[axis], 0), limit)))
        (top, bottom), (left, right) = edges
        return top, left, bottom, right


def describe(field: Field | None, picture: Pair) -> ReceptiveField:
    """Turn a tensor's field into what a layer tells the student; None (a constant) sees nothing to see."""
    if field is None or field == WHOLE:
        middle = ((picture[0] - 1) / 2, (picture[1] - 1) / 2)
        return ReceptiveField(picture, (0, 0), middle, True, picture)
    center = (field.start[0] + (field.size[0] - 1) / 2, field.start[1] + (field.size[1] - 1) / 2)
    return ReceptiveField(field.size, field.stride, center, False, picture)


def propagate(
    name: str, args: tuple, kwargs: dict, inputs: list[tuple[Tensor, Field]], result: Tensor
) -> Field:
    """Give the field of `result`, which the function `name` made out of tensors with known fields.

    Parameters
    ----------
    name : str
        The function's name without the underscore of its in-place form.
    args, kwargs : tuple, dict
        What it was called with.
    inputs : list of (Tensor, Field)
        The arguments that depend on the picture. At least one.
    result : Tensor
        One of the tensors it returned.
    """
    rule = RULES.get(name)
    if rule is None or any(field == WHOLE for _, field in inputs):
        return WHOLE
    if len(inputs) > 1 and rule not in (_pointwise, _along):  # a kernel made from the picture, say
        return WHOLE
    given = {str(i): value for i, value in enumerate(args)} | kwargs
    try:
        return rule(given, inputs, result)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return WHOLE  # called in a way the rule does not know


def _given(given: dict, position: int, name: str, default: Any = None) -> Any:
    return given.get(name, given.get(str(position), default))


def _pair(value: Any) -> Pair:
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    return (int(values[0]), int(values[-1]))


def _slide(field: Field, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair = (1, 1)) -> Field:
    """Slide a window over a map: Dumoulin & Visin 2016, relationships 6 and 15, told in pixels."""
    if field.axes != (-2, -1):
        return WHOLE
    size, step, start = [], [], []
    for a in (0, 1):
        size.append(field.size[a] + (kernel[a] - 1) * dilation[a] * field.stride[a])
        step.append(field.stride[a] * stride[a])
        start.append(field.start[a] - padding[a] * field.stride[a])
    return Field(_pair(size), _pair(step), _pair(start))


def _convolve(given: dict, inputs: list, result: Tensor) -> Field:
    weight = _given(given, 1, "weight")
    kernel = (weight.shape[-2], weight.shape[-1])
    dilation = _pair(_given(given, 5, "dilation", 1))
    padding = _given(given, 4, "padding", 0)
    if padding == "valid":
        padding = 0
    elif padding == "same":  # an odd pixel of padding goes to the right and the bottom
        padding = tuple((k - 1) * d // 2 for k, d in zip(kernel, dilation, strict=True))
    return _slide(inputs[0][1], kernel, _pair(_given(given, 3, "stride", 1)), _pair(padding), dilation)


def _max_pool(given: dict, inputs: list, result: Tensor) -> Field:
    return _pool(given, inputs, _pair(_given(given, 4, "dilation", 1)))


def _average_pool(given: dict, inputs: list, result: Tensor) -> Field:
    return _pool(given, inputs, (1, 1))


def _pool(given: dict, inputs: list, dilation: Pair) -> Field:
    kernel = _given(given, 1, "kernel_size")
    stride = _given(given, 2, "stride")
    stride = kernel if stride is None or stride == [] else stride
    return _slide(inputs[0][1], _pair(kernel), _pair(stride), _pair(_given(given, 3, "padding", 0)), dilation)


def _adaptive_pool(given: dict, inputs: list, result: Tensor) -> Field:
    tensor, field = inputs[0]
    before, after = tensor.shape[-2:], result.shape[-2:]
    if any(b % a for b, a in zip(before, after, strict=True)):
        return WHOLE  # windows of unequal size
    if tuple(after) == (1, 1) and tuple(before) != (1, 1):
        return WHOLE  # the same as its window, and it says so
    window = _pair([b // a for b, a in zip(before, after, strict=True)])
    return _slide(field, window, window, (0, 0))


def _pointwise(given: dict, inputs: list, result: Tensor) -> Field:
    """Each unit of the result sees what the units at its place see: the union of their fields."""
    fields = []
    for tensor, field in inputs:
        for axis in field.axes:
            if -axis > result.dim() or -axis > tensor.dim() or tensor.shape[axis] != result.shape[axis]:
                return WHOLE  # broadcast along the picture: one unit reaches everywhere
        fields.append(field)
    first = fields[0]
    if any(f.axes != first.axes or f.stride != first.stride for f in fields):
        return WHOLE
    start = [min(f.start[a] for f in fields) for a in (0, 1)]
    end = [max(f.start[a] + f.size[a] for f in fields) for a in (0, 1)]
    return Field(
        _pair([e - s for e, s in zip(end, start, strict=True)]), first.stride, _pair(start), first.axes
    )


def _batch_norm(given: dict, inputs: list, result: Tensor) -> Field:
    by_batch_statistics = _given(given, 5, "training", False)  # the mean is taken over the whole map
    return WHOLE if by_batch_statistics else _pointwise(given, inputs, result)


def _layer_norm(given: dict, inputs: list, result: Tensor) -> Field:
    field, normalised = inputs[0][1], len(_given(given, 1, "normalized_shape"))
    return WHOLE if any(-axis <= normalised for axis in field.axes) else field


def _linear(given: dict, inputs: list, result: Tensor) -> Field:
    return WHOLE if -1 in inputs[0][1].axes else inputs[0][1]


def _along(given: dict, inputs: list, result: Tensor) -> Field:
    """Join maps (cat) or compare them (softmax) along one axis: fine unless it is the picture's."""
    return _keep_off(_given(given, 1, "dim", given.get("axis", 0)), inputs, result)


def _split(given: dict, inputs: list, result: Tensor) -> Field:
    return _keep_off(_given(given, 2, "dim", given.get("axis", 0)), inputs, result)


def _keep_off(dim: Any, inputs: list, result: Tensor) -> Field:
    if not isinstance(dim, int):
        return WHOLE
    dim = dim if dim < 0 else dim - result.dim()
    return WHOLE if any(dim in field.axes for _, field in inputs) else _pointwise({}, inputs, result)


def _reduce(given: dict, inputs: list, result: Tensor) -> Field:
    tensor, field = inputs[0]
    dims = _given(given, 1, "dim")
    if dims is None or dims == () or dims == [] or isinstance(dims, bool):
        return WHOLE  # taken over everything
    gone = {d if d < 0 else d - tensor.dim() for d in ([dims] if isinstance(dims, int) else dims)}
    if gone & set(field.axes):
        return WHOLE
    if result.dim() == tensor.dim():
        return field
    return _moved(field, [axis + sum(g > axis for g in gone) for axis in field.axes])


def _moved(field: Field, axes: list[int]) -> Field:
    return Field(field.size, field.stride, field.start, (axes[0], axes[1]))


def _reshape(given: dict, inputs: list, result: Tensor) -> Field:
    """Follow an axis through view, flatten, squeeze...: same length, same number of entries before it."""
    tensor, field = inputs[0]
    before, after = list(_offsets(tensor.shape)), list(_offsets(result.shape))
    axes = []
    for axis in field.axes:
        if before[axis] not in after:
            return WHOLE
        axes.append(after.index(before[axis]) - len(after))
    return _moved(field, axes)


def _offsets(shape: Any) -> Iterator[Pair]:
    entries = 1
    for length in shape:
        yield entries, length
        entries *= length


def _permute(given: dict, inputs: list, result: Tensor) -> Field:
    tensor, field = inputs[0]
    dims = _given(given, 1, "dims")
    dims = list(dims) if isinstance(dims, (tuple, list)) else [given[str(i + 1)] for i in range(tensor.dim())]
    return _moved(field, [dims.index(d) - tensor.dim() for d in _from_front(field, tensor, dims)])


def _from_front(field: Field, tensor: Tensor, dims: list[int]) -> list[int]:
    # the caller may have written an axis as 3 or as -1
    return [axis if axis in dims else axis + tensor.dim() for axis in field.axes]


def _transpose(given: dict, inputs: list, result: Tensor) -> Field:
    tensor, field = inputs[0]
    one, other = (
        d if d < 0 else d - tensor.dim() for d in (_given(given, 1, "dim0"), _given(given, 2, "dim1"))
    )
    swap = {one: other, other: one}
    return _moved(field, [swap.get(axis, axis) for axis in field.axes])


def _index(given: dict, inputs: list, result: Tensor) -> Field:
    """``x[:, 0]``, ``x[:, None]``: fine while the picture's rows and columns are taken whole."""
    tensor, field = inputs[0]
    index = given["1"] if isinstance(given["1"], tuple) else (given["1"],)
    if any(
        not (i is None or i is Ellipsis or isinstance(i, (int, slice))) or isinstance(i, bool) for i in index
    ):
        return WHOLE
    used = sum(i is not None and i is not Ellipsis for i in index)
    fill = (slice(None),) * (tensor.dim() - used)
    cut = index.index(Ellipsis) if Ellipsis in index else len(index)
    index = index[:cut] + fill + index[cut + 1 :]
    place, axis, after = {}, 0, 0
    for i in index:
        if i is not None:
            if i == slice(None):
                place[axis - tensor.dim()] = after
            axis += 1
        after += i is None or isinstance(i, slice)
    if any(axis not in place for axis in field.axes):
        return WHOLE
    return _moved(field, [place[axis] - result.dim() for axis in field.axes])


def _pad(given: dict, inputs: list, result: Tensor) -> Field:
    field, widths = inputs[0][1], list(_given(given, 1, "pad"))
    if field.axes != (-2, -1) or _given(given, 2, "mode", "constant") != "constant" or any(widths[4:]):
        return WHOLE
    left, top = widths[0], widths[2] if len(widths) > 2 else 0
    return _slide(field, (1, 1), (1, 1), (top, left))


_POINTWISE = """
    relu relu6 hardtanh threshold clamp clamp_min clamp_max leaky_relu elu selu celu gelu silu mish softplus
    hardswish hardsigmoid sigmoid logsigmoid tanh rrelu prelu exp log sqrt rsqrt abs square neg sign pow
    add sub mul div rsub true_divide __add__ __radd__ __sub__ __rsub__ __mul__ __rmul__ __truediv__ __pow__
    __neg__ maximum minimum lerp addcmul dropout dropout2d alpha_dropout feature_dropout local_response_norm
    contiguous clone detach to float double half bfloat16 type type_as cpu cuda requires_grad nan_to_num
""".split()

RULES: dict[str, Callable[[dict, list, Tensor], Field]] = {
    **dict.fromkeys(_POINTWISE, _pointwise),
    **dict.fromkeys(["view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze"], _reshape),
    **dict.fromkeys(["mean", "sum", "amax", "amin"], _reduce),
    **dict.fromkeys(["cat", "concat", "concatenate", "softmax", "log_softmax"], _along),
    **dict.fromkeys(["adaptive_avg_pool2d", "adaptive_max_pool2d"], _adaptive_pool),
    **dict.fromkeys(["max_pool2d", "max_pool2d_with_indices"], _max_pool),
    **dict.fromkeys(["chunk", "split"], _split),
    **dict.fromkeys(["transpose", "swapaxes", "swapdims"], _transpose),
    "avg_pool2d": _average_pool,
    "conv2d": _convolve,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "linear": _linear,
    "permute": _permute,
    "__getitem__": _index,
    "pad": _pad,
}
