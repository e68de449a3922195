"""An optimizer without torch's compiler: it steps, and nothing stays behind. In a process where nothing is loaded."""

import subprocess
import sys

STEP = """
import sys, torch
from lab.uncompiled import uncompiled

def moved():
    weight = torch.ones(2, requires_grad=True)
    (3 * weight).sum().backward()
    torch.optim.SGD([weight], lr=0.5).step()
    return weight.tolist()

with uncompiled():
    print(moved())
print("torch._dynamo" in sys.modules)
print(moved(), sys.modules["torch._dynamo"].__file__ != "")
"""


def test_a_step_is_the_same_and_the_compiler_comes_when_it_is_called_later():
    ran = subprocess.run([sys.executable, "-c", STEP], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["[-0.5, -0.5]", "False", "[-0.5, -0.5] True"]
