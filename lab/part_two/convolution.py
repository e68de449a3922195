"""Convolution, transposed convolution and max pooling from tensor slices, arguments as in `torch.nn.functional`."""

import torch
from torch import Tensor


def positions(start: int, stride: int, count: int) -> slice:
    """The `count` indices `start, start + stride, ...` as a slice."""
    return slice(start, start + stride * (count - 1) + 1, stride)


def conv2d(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Tensor:
    r"""Cross-correlation: every kernel tap multiplies one strided slice of the padded input.

    x is (N, C_in, H, W), weight (C_out, C_in, K, K), bias (C_out,) or None; the result is (N, C_out, H', W') with
    H' = floor((H + 2 padding - dilation (K - 1) - 1) / stride) + 1, and W' alike.
    """
    samples, channels, height, width = x.shape
    kernel = weight.shape[-1]
    rows = (height + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
    columns = (width + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
    padded = x.new_zeros(samples, channels, height + 2 * padding, width + 2 * padding)
    padded[:, :, padding : padding + height, padding : padding + width] = x
    result = x.new_zeros(samples, weight.shape[0], rows, columns)
    for i in range(kernel):
        for j in range(kernel):
            row_slice = positions(i * dilation, stride, rows)
            column_slice = positions(j * dilation, stride, columns)
            seen = padded[:, :, row_slice, column_slice]  # (N, C_in, H', W')
            result = result + torch.einsum("nchw,oc->nohw", seen, weight[:, :, i, j])
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
    """The largest entry of each window; the border counts as minus infinity, so padding never wins.

    x is (N, C, H, W); the result is (N, C, H', W') with H' = floor((H + 2 padding - kernel) / stride) + 1.
    """
    samples, channels, height, width = x.shape
    rows = (height + 2 * padding - kernel) // stride + 1
    columns = (width + 2 * padding - kernel) // stride + 1
    padded = x.new_full((samples, channels, height + 2 * padding, width + 2 * padding), -torch.inf)
    padded[:, :, padding : padding + height, padding : padding + width] = x
    window = [
        padded[:, :, positions(i, stride, rows), positions(j, stride, columns)]
        for i in range(kernel)
        for j in range(kernel)
    ]
    return torch.stack(window).max(dim=0).values  # (kernel * kernel, N, C, H', W') -> (N, C, H', W')
