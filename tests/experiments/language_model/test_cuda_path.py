"""The path for CUDA devices: its mathematics here, where tensors lie on torch's meta device, the rest on a card."""

from dataclasses import replace

import pytest
import torch

from experiments.devices import training_device
from experiments.language_model.cuda import CudaPath
from experiments.language_model.data import Corpus
from experiments.language_model.fast import FastPath
from experiments.language_model.run import probe
from experiments.language_model.tolerance import SMALL
from experiments.language_model.train import CPU, Settings, build, fit
from writeup.errors import WriteupError
from writeup.experiments import DEVICE
from writeup.records.replay import REPLAY_TOLERANCE, largest_difference

WORDS, LENGTH, BATCH, SIZE = 300, 70, 6, 24
CELLS = ("LSTM", "GRU", "RNN_TANH", "RNN_RELU")
META = torch.device("meta")


@pytest.fixture(autouse=True)
def _the_switches_of_the_process_as_before():
    switches = torch.backends.cuda.matmul, torch.backends.cudnn.rnn
    before = [switch.fp32_precision for switch in switches]
    sums = torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction
    yield
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = sums
    for switch, value in zip(switches, before, strict=True):
        switch.fp32_precision = value


def cuda_path(cell, precision="float32", device=CPU, tied=False):
    """What `build` makes on a CUDA device, on another one."""
    fast = build(Settings(cell=cell, embedding_size=SIZE, hidden_size=SIZE, tied=tied), WORDS, generator_of(3))
    return CudaPath(fast.model.to(device), 0.25, generator_of(5), precision)


def generator_of(seed):
    return torch.Generator().manual_seed(seed)


def stepped(path, steps=3):
    """Losses of a few steps, and the path's parameters after them."""
    losses, hidden = [], path.model.initial_hidden(BATCH)
    for window in torch.randint(WORDS, (steps, LENGTH, BATCH), generator=generator_of(4)):
        moved = window.to(path.model.decoder.weight.device)
        loss, hidden = path.step(moved, moved.roll(-1, 0).flatten(), hidden, 1.0)
        losses.append(loss)
    return losses, dict(path.model.named_parameters())


@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
@pytest.mark.parametrize("cell", CELLS)
def test_it_computes_what_the_fast_path_computes_dropout_masks_included(cell, tied):
    model = cuda_path(cell, tied=tied).model  # its weights are views of the layers', and may be trained all the same
    losses, found = stepped(cuda_path(cell, tied=tied))
    expected_losses, expected = stepped(FastPath(model, 0.25, generator_of(5), "float32"))
    torch.testing.assert_close(losses, expected_losses, rtol=0, atol=1e-5)
    for name, parameter in expected.items():
        torch.testing.assert_close(found[name], parameter, rtol=0, atol=2e-6, msg=name)


@pytest.mark.parametrize("cell", CELLS)
def test_evaluation_agrees_after_the_weights_were_replaced(cell):
    trained, fresh = cuda_path(cell), cuda_path(cell)
    stepped(trained)
    fresh.model.load_state_dict(trained.model.state_dict())
    fresh.weights_replaced()
    window = torch.randint(WORDS, (LENGTH, BATCH), generator=generator_of(6))
    losses = [path.loss(window, window.flatten(), path.model.initial_hidden(BATCH))[0] for path in (trained, fresh)]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("precision", CudaPath.precisions)
@pytest.mark.parametrize("cell", CELLS)
def test_a_step_leaves_no_tensor_on_the_host(cell, precision):
    """The meta device computes nothing, but refuses operands that lie elsewhere, as a card does."""
    losses, parameters = stepped(cuda_path(cell, precision, META))
    assert {tensor.device for tensor in (*losses, *parameters.values())} == {META}


def test_a_mask_left_on_the_host_is_noticed(monkeypatch):
    monkeypatch.setattr(CudaPath, "_mask", lambda _, values, keep: torch.full(values.shape, keep))
    with pytest.raises(RuntimeError, match="device"):
        stepped(cuda_path("GRU", device=META))


def test_the_softmax_takes_whole_chunks():
    fused = cuda_path("LSTM").cross_entropy
    assert len(fused.probabilities) == len(fused.logits)


@pytest.mark.parametrize(
    ("precision", "products", "operands"),
    [("float32", "ieee", torch.float32), ("tf32", "tf32", torch.float32), ("bfloat16", "tf32", torch.bfloat16)],
)
def test_precision_switches_products_and_operands(precision, products, operands):
    path = cuda_path("LSTM", precision)
    assert path.cross_entropy.operand.dtype == operands
    assert not torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction
    assert torch.backends.cuda.matmul.fp32_precision == torch.backends.cudnn.rnn.fp32_precision == products


@pytest.mark.parametrize("precision", ["tf32", "float16"])
def test_a_precision_that_the_processor_lacks_is_refused(precision):
    with pytest.raises(WriteupError, match=f"'{precision}'; legal on this device are float32, bfloat16"):
        build(Settings(path="fast", precision=precision), WORDS, generator_of(0))


def test_the_stock_path_is_for_the_processor_alone():
    with pytest.raises(WriteupError, match="'stock'; legal on meta: only fast"):
        build(Settings(), WORDS, generator_of(0), META)


def test_the_environment_names_the_device(monkeypatch):
    monkeypatch.delenv(DEVICE, raising=False)
    assert training_device() == CPU
    monkeypatch.setenv(DEVICE, "tpu")
    with pytest.raises(WriteupError, match="'tpu'; legal are cpu and cuda"):
        training_device()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setenv(DEVICE, "cuda")
    with pytest.raises(WriteupError, match="finds no CUDA device"):
        training_device()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("cell", CELLS)
def test_on_a_card_a_run_has_the_losses_of_the_processor(cell):
    run = Settings(cell, SIZE, SIZE, corpus="generated", learning_rate=1.0, epochs=2, path="fast")
    curves = {}
    for device in (CPU, torch.device("cuda")):
        _, progress = fit(run, Corpus.generated(), lambda *_: None, device=device)
        curves[device.type] = progress.curves["valid_loss"]
    assert curves["cuda"] == pytest.approx(curves["cpu"], abs=1e-3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_a_record_of_a_card_can_be_replayed_on_the_processor(cell, tied):
    """In bfloat16, as the study trains; `SMALL` is the run on which the replay's tolerance was tried."""
    settings = replace(SMALL, cell=cell, tied=tied)
    probes = [probe(settings, Corpus.generated(), device) for device in (torch.device("cuda"), CPU)]
    assert largest_difference(*probes, cell) <= REPLAY_TOLERANCE
