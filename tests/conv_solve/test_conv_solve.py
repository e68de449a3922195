"""The command: its JSON contract, its table, and what it says to bad input."""

from __future__ import annotations

import json

import pytest
from torch import nn

from conv_solve.cli import main


def ask(capsys, *arguments):
    status = main(arguments)
    out, err = capsys.readouterr()
    return status, out, err


def test_json_holds_the_contract(capsys):
    status, out, err = ask(capsys, "64,111,111", "4,234,234", "--json", "--limit", "3")
    answer = json.loads(out)
    assert (status, err, answer["complete"], len(answer["chains"])) == (0, "", True, 3)
    for chain in answer["chains"]:
        layers = nn.Sequential(*[eval(module, {"nn": nn}) for module in chain["modules"]])
        assert chain["shapes"][0] == [64, 111, 111]
        assert chain["shapes"][-1] == [4, 234, 234]
        assert chain["parameters"] == sum(p.numel() for p in layers.parameters())
        assert set(chain) >= {"macs", "discarded"}


def test_the_count_does_not_depend_on_the_limit(capsys):
    counts = {json.loads(ask(capsys, "3,5,5", "3,7,7", "--json", "--limit", n)[1])["count"] for n in ("0", "2")}
    assert len(counts) == 1


def test_the_table_names_the_first_chain(capsys):
    status, out, _ = ask(capsys, "3,3,3", "4,4,4", "--limit", "1", "--run")
    assert status == 0
    assert "nn.ConvTranspose2d(3, 4, kernel_size=2)" in out
    assert "shapes_agree: True" in out


def test_no_chain_is_a_result_with_misses(capsys):
    status, out, _ = ask(capsys, "3,8,8", "3,11,11", "--json", "--family", "MaxPool2d", "--max-layers", "1")
    answer = json.loads(out)
    assert (status, answer["complete"], answer["count"], answer["chains"]) == (0, True, 0, [])
    assert answer["ruled_out"] > 0
    assert answer["nearest_misses"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("-3,4,5", "3,3,3"),
        ("3,4", "3,3,3"),
        ("a,b,c", "3,3,3"),
        ("3,3,3",),
        ("3,3,3", "3,1000000000,3"),
        ("3,3,3", "3,3,3", "--max-layers", "50"),
        ("3,3,3", "3,3,3", "--limit", "-1"),
        ("3,3,3", "3,3,3", "--family", "Linear"),
        ("3,3,3", "3,3,3", "--factors", "1.3"),
        ("3,3,3", "3,3,3", "--max-kernel", "0"),
        ("3,3,3", "3,3,3", "--max-kernel", "1000000"),
        ("3,3,3", "3,3,3", "--nonsense"),
    ],
)
def test_bad_input_gets_one_line(capsys, arguments):
    status, out, err = ask(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("conv-solve: ")
    assert err.count("\n") == 1
