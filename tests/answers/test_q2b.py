"""2b: the graph, the recursion by hand, the border between windows, and what truncation costs."""

import pytest
import torch
from torch import nn

from answers.bptt import cost, delta_recursion, graph, recursion, torch_source
from answers.bptt.borders import border_claims, derivative_claims
from answers.bptt.cost import Run
from answers.bptt.graphs import products_follow
from answers.bptt.place import place_claims
from answers.bptt.two_windows import TwoWindows
from writeup.errors import CheckFailed, WriteupError
from writeup.records.store import Record


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# -- the graph


def test_every_node_is_found_once():
    x = torch.ones(2, requires_grad=True)
    square = x * x
    assert graph.names(square + square) == {"AddBackward0": 1, "MulBackward0": 1, "AccumulateGrad": 1}


def test_the_engine_runs_the_nodes_that_the_walk_finds():
    x = torch.ones(2, requires_grad=True)
    loss = (x.exp() * x).sum()
    assert graph.executed(loss.backward) == graph.names(loss)


def test_a_detached_tensor_has_no_nodes():
    assert graph.nodes(torch.ones(2, requires_grad=True).exp().detach()) == []


@pytest.mark.parametrize("fused", [True, False])
def test_saved_bytes_of_walk_and_of_hooks_agree(fused):
    network, inputs = nn.LSTM(4, 3), torch.ones(5, 2, 4)
    saved = graph.SavedTensors()
    with graph.onednn(fused):
        with saved.recording():
            output = network(inputs)[0]
        assert saved.bytes() == graph.saved_bytes(output) > 0


def test_a_graph_that_is_gone_holds_nothing():
    saved = graph.SavedTensors()
    with saved.recording():
        output = nn.LSTM(4, 3)(torch.ones(5, 2, 4))[0]
    del output
    assert saved.bytes() == 0


@pytest.mark.parametrize("wrong", ["KT", "2KT"])
def test_another_number_of_matrix_products_is_rejected(wrong):
    with pytest.raises(CheckFailed):
        products_follow(wrong)


# -- PyTorch's source


def test_the_line_of_a_call_is_found():
    lines = torch_source.lines_of_call(test_the_line_of_a_call_is_found, "torch_source.lines_of_call(")
    assert lines[0] == test_the_line_of_a_call_is_found.__code__.co_firstlineno + 1


def test_a_call_that_is_not_there_is_named():
    with pytest.raises(WriteupError, match="no_such_call"):
        torch_source.lines_of_call(nn.LSTM.forward, "no_such_call(")


def test_calls_are_counted():
    made = torch_source.calls_made(lambda: [abs(number) for number in (1, 2, 3)])
    assert sum(count for (_, called, _), count in made.items() if called == "abs") == 3


def test_every_line_on_the_way_holds():
    for claim in place_claims():
        claim.check(claim.value)


# -- the recursion


@pytest.mark.parametrize("layers", [1, 3])
def test_the_recursion_by_hand_gives_autograds_gradient(layers):
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 4, layers).double()
    inputs, upstream = torch.randn(6, 2, 3).double(), torch.randn(6, 2, 4).double()
    expected = torch.autograd.grad((lstm(inputs)[0] * upstream).sum(), list(lstm.parameters()))
    for by_hand, gradient in zip(delta_recursion.gradients(lstm, inputs, upstream), expected, strict=True):
        torch.testing.assert_close(by_hand, gradient, rtol=1e-12, atol=1e-14)


def test_the_recursion_by_hand_gives_the_inputs_gradient():
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 4).double()
    inputs, upstream = torch.randn(6, 2, 3).double().requires_grad_(), torch.randn(6, 2, 4).double()
    (expected,) = torch.autograd.grad((lstm(inputs)[0] * upstream).sum(), inputs)
    zeros = torch.zeros(2, 4).double()
    weights = [weight.detach() for weight in lstm.all_weights[0]]
    trace = delta_recursion.forward(inputs.detach(), (zeros, zeros), weights)
    torch.testing.assert_close(delta_recursion.backward(trace, upstream, weights)[1], expected)


def test_without_any_step_back_a_window_of_one_word_is_complete():
    """The omitted terms carry gradients between words, so one word misses nothing."""
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 4).double()
    inputs, upstream = torch.randn(1, 2, 3).double(), torch.randn(1, 2, 4).double()
    whole = delta_recursion.gradients(lstm, inputs, upstream)
    cut = delta_recursion.gradients(lstm, inputs, upstream, through_hidden=False, through_cell=False)
    assert all(torch.equal(a, b) for a, b in zip(whole, cut, strict=True))


@pytest.mark.parametrize(("hidden", "cell"), [(False, True), (True, False), (False, False)])
def test_leaving_a_term_out_is_detaching_a_state(hidden, cell):
    torch.testing.assert_close(recursion.by_hand(hidden, cell), recursion.by_detached_cells(hidden, cell))


# -- the border


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_the_gradient_stops_at_the_border(cell):
    reach = TwoWindows.make(4, cell).gradient_reach(repackaged=True)
    assert (reach > 0).tolist() == [False] * 4 + [True] * 4


def test_without_repackaging_it_does_not():
    assert bool((TwoWindows.make(4).gradient_reach(repackaged=False) > 0).all())


def test_values_pass_the_border():
    assert bool((TwoWindows.make(4).value_reach() > 0).all())


@pytest.mark.parametrize("frozen", [True, False])
def test_autograd_and_differences_agree_on_what_the_border_does(frozen):
    pair = TwoWindows.make(4)
    assert pair.by_autograd(repackaged=frozen) == pytest.approx(pair.by_difference(frozen=frozen), abs=1e-7)


def test_the_weights_are_back_in_place_after_differences():
    pair = TwoWindows.make(2)
    before = [parameter.clone() for parameter in pair.model.parameters()]
    pair.by_difference(frozen=True)
    assert all(torch.equal(a, b) for a, b in zip(before, pair.model.parameters(), strict=True))


@pytest.mark.parametrize("claim", [*border_claims(), *derivative_claims()], ids=lambda claim: claim.id)
def test_a_claim_about_the_border_holds_and_its_controls_do_not(claim):
    claim.check(claim.value)
    for control in claim.controls:
        with pytest.raises(CheckFailed):
            claim.check(control.value)


# -- what truncation costs


def made(**curves) -> Run:
    return Run(
        Record(
            kind="bptt",
            name="made",
            settings={"cell": "LSTM"},
            seeds=[1],
            metrics={},
            curves=curves,
            timing={},
            probe={},
            sources={},
            data={},
            environment={},
            device="CPU",
            date="2020-03-31",
        )
    )


def test_a_cut_gradient_is_compared_with_the_whole_one():
    run = made(uncut=[5.0], cut={"35": {"norm": [3.0], "difference": [4.0], "cosine": [0.6]}})
    assert run.errors(35) == pytest.approx([0.8])


def test_the_law_of_cosines_finds_the_same_error():
    """A triangle of sides 3, 4, 5."""
    run = made(uncut=[5.0], cut={"35": {"norm": [3.0], "difference": [4.0], "cosine": [0.6]}})
    assert run.errors_by_angle(35) == pytest.approx(run.errors(35))


def test_norms_are_averaged_as_logarithms():
    run = made(uncut=[], cut={}, distance={"trained": [[0.0, -1.0], [0.0, -3.0]]})
    assert run.falls() == pytest.approx([1.0, 0.01])


def test_the_decoders_gradient_does_not_depend_on_the_history():
    claim = cost.decoder_claim()
    assert claim.value == 0
    claim.check(0)
