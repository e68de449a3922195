"""Convolution, transposed convolution and max pooling from tensor slices, arguments as in `torch.nn.functional`."""

import torch
from torch import Tensor
from torch.nn import functional as F


def positions(start: int, stride: int, count: int) -> slice:
    """The `count` indices `start, start + stride, ...` as a slice."""
    return slice(start, start + stride * (count - 1) + 1, stride)


def taps(x: Tensor, kernel: int, stride: int, padding: int, dilation: int, border: float) -> Tensor:
    """What each of the kernel's taps sees, as one strided slice of the padded input.

    x is (N, C, H, W); the result is (K, K, N, C, H', W') with H' = floor((H + 2 padding - dilation (K - 1) - 1) /
    stride) + 1, and W' alike.
    """
    padded = F.pad(x, [padding] * 4, value=border)
    rows, columns = ((size - dilation * (kernel - 1) - 1) // stride + 1 for size in padded.shape[2:])
    steps = [dilation * tap for tap in range(kernel)]
    return torch.stack(
        [
            torch.stack([padded[:, :, positions(i, stride, rows), positions(j, stride, columns)] for j in steps])
            for i in steps
        ]
    )


def conv2d(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Tensor:
    """Cross-correlation: x is (N, C_in, H, W), weight (C_out, C_in, K, K), bias (C_out,) or None."""
    seen = taps(x, weight.shape[-1], stride, padding, dilation, border=0.0)
    result = torch.einsum("ijnchw,ocij->nohw", seen, weight)
    return result if bias is None else result + bias[:, None, None]


def conv_transpose2d(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: int = 1, padding: int = 0, output_padding: int = 0
) -> Tensor:
    r"""The adjoint of `conv2d`: every kernel tap adds its product to one strided slice of the output.

    x is (N, C_in, H, W), weight (C_in, C_out, K, K), bias (C_out,) or None; the result is (N, C_out, H', W') with
    H' = (H - 1) stride - 2 padding + K + output_padding, and W' alike.
    """
    samples, _, height, width = x.shape
    kernel = weight.shape[-1]
    full_height = (height - 1) * stride + kernel + output_padding
    full_width = (width - 1) * stride + kernel + output_padding
    full = x.new_zeros(samples, weight.shape[1], full_height, full_width)
    for i in range(kernel):
        for j in range(kernel):
            product = torch.einsum("nchw,co->nohw", x, weight[:, :, i, j])  # (N, C_out, H, W)
            full[:, :, positions(i, stride, height), positions(j, stride, width)] += product
    cropped = full[:, :, padding : full_height - padding, padding : full_width - padding]
    return cropped if bias is None else cropped + bias[:, None, None]


def max_pool2d(x: Tensor, kernel: int, stride: int, padding: int = 0) -> Tensor:
    """The largest entry of each window; the border counts as minus infinity, so padding never wins."""
    return taps(x, kernel, stride, padding, dilation=1, border=-torch.inf).flatten(0, 1).max(dim=0).values
