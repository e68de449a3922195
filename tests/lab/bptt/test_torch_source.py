"""Looking lines and functions up in the installed PyTorch."""

import pytest
import torch
from torch import nn

from lab.bptt import torch_source
from writeup.errors import WriteupError


def test_the_line_of_a_call_is_found():
    lines = torch_source.lines_of_call(test_the_line_of_a_call_is_found, "torch_source.lines_of_call(")
    assert lines[0] == test_the_line_of_a_call_is_found.__code__.co_firstlineno + 1


def test_a_call_that_is_not_there_is_named():
    with pytest.raises(WriteupError, match="no_such_call"):
        torch_source.lines_of_call(nn.LSTM.forward, "no_such_call(")


def test_calls_are_counted():
    made = torch_source.calls_made(lambda: [abs(number) for number in (1, 2, 3)])
    assert sum(count for (_, called, _), count in made.items() if called == "abs") == 3


def test_outside_of_a_backward_pass_no_engine_is_on_the_stack():
    assert not any("Engine" in name for name in torch_source.cpp_functions())


def test_a_warning_names_its_file_and_leaves_the_settings_as_they_were():
    before = torch.is_warn_always_enabled()
    assert torch_source.file_of_warning().endswith(".cpp")
    assert torch.is_warn_always_enabled() == before


def test_a_file_that_was_not_compiled_is_not_found():
    assert torch_source.compiled_files("/native/NoSuchFile.cpp") == set()
