"""The command: its JSON contract, its table, and what it says to bad input."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
from torch import nn

from conv_solve.cli import main
from tests.processes import heed_interrupts


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
        ("3,3,3", "3,3,3", "--limit", "1" + "0" * 30),
        ("3,3,3", "3,3,3", "--limit", "9" * 10_000),
        ("9" * 10_000 + ",3,3", "3,3,3"),
        ("3" * 100_000, "3,3,3"),
        ("3,3,3", "3,3,3", "--factors", "1e99999999"),
        ("3,3,3", "3,3,3", "--factors", "1/0"),
        ("3,3,3", "3,3,3", "--factors", "9" * 10_000),
        ("3,3,3", "3,3,3", "--factors", ",".join(["2"] * 10_000)),
        ("3,3,3", "3,3,3", "--channels", ",".join(map(str, range(1, 10_000)))),
        ("3,3,3", "3,3,3", "--channels", "1" + "0" * 5_000),
        ("3,3,3", "3,3,3", "--family", "Linear" * 10_000),
        ("3,3,3", "3,3,3", "--family", "Conv2d\nConv2d\r\x1b[2J"),
        ("3,3,3", "3,3,3", "--no" + "n" * 10_000),
        ("3,3,3", "3,3,3", "--max-layers", "1" + "0" * 30),
        ("3,3,3", "3,3,3", "--max-pool-kernel", "1" + "0" * 8),
        ("3,3,3", "3,3,3", "--max-stride", "0"),
        ("3,5,5", "3,4,4", "--family", "MaxPool2d", "--max-pool-kernel", "0"),
        ("3,3,3", "3,3,3", "--check", "nn.Linear(3, 3)"),
        ("3,3,3", "3,0,3", "--check", "nn.ReLU()"),
        ("3,3,3", "3,\u0663,3"),
        ("9,10000,10000", "1,10000,10000", "--run"),
        ("3,5000,5000", "3,5000,5000", "--json", "--run"),
    ],
    ids=lambda arguments: " ".join(arguments)[:60].encode("unicode_escape").decode(),
)
def test_bad_input_gets_one_line(capsys, arguments):
    status, out, err = ask(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("conv-solve: ")
    assert err.count("\n") == 1
    assert len(err) < 400
    assert err[:-1].isprintable()


def test_without_a_limit_there_is_one_chain_of_each_kind(capsys):
    _, out, _ = ask(capsys, "100,1,1", "1024,4,4")
    assert out.startswith("\nTransposed convolution\n  nn.ConvTranspose2d(100, 1024, kernel_size=4) ")
    assert out.count(" parameters, ") == out.count("\n\n") == 4
    assert "1,439,682,005,151 chains in all" in out


def test_a_limit_lists_kinds_first_and_then_all_others_once(capsys):
    small = ("--max-kernel", "2", "--max-dilation", "1", "--max-stride", "2", "--max-layers", "1")
    answer = json.loads(ask(capsys, "4,4,4", "1,8,8", "--json", "--limit", "100000", *small)[1])
    assert answer["count"] == len(answer["chains"])
    assert len({str(chain["modules"]) for chain in answer["chains"]}) == answer["count"]
    named = [chain.get("kind") for chain in answer["chains"]]
    assert named[:3] == ["pixel shuffle", "transposed convolution", None]


def test_check_says_whether_a_chain_fits(capsys):
    question = ("64,111,111", "4,234,234", "--check")
    status, out, err = ask(capsys, *question, "nn.ConvTranspose2d(64, 4, 14, stride=2)")
    assert (status, err) == (0, "")
    assert "Fits: (4, 234, 234), 50,180 parameters." in out
    status, out, err = ask(capsys, *question, "nn.ConvTranspose2d(64, 4, 13, stride=2)")
    assert (status, err) == (1, "")
    assert "layer 1 gives (4, 233, 233) instead of (4, 234, 234): 1 row too few, 1 column too few" in out
    assert "  nn.ConvTranspose2d(64, 4, kernel_size=14, stride=2)\n" in out


def test_check_as_json(capsys):
    status, out, _ = ask(capsys, "4,8,8", "1,16,16", "--json", "--check", "nn.Conv2d(4, 1, 1), nn.PixelShuffle(2)")
    answer = json.loads(out)
    assert status == 1
    assert (answer["fits"], answer["shapes"]) == (False, [[4, 8, 8], [1, 8, 8]])
    assert answer["nearest"] == ["nn.Conv2d(4, 4, kernel_size=1)", "nn.PixelShuffle(2)"]


COMMAND = [sys.executable, "-m", "conv_solve.cli"]


def test_ctrl_c_ends_a_long_list_with_130():
    long = [*COMMAND, "64,111,111", "4,234,234", "--limit", "1000000"]
    with subprocess.Popen(
        long, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts
    ) as running:
        running.stdout.read(5000)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (130, "conv-solve: interrupted\n")


@pytest.mark.parametrize("arguments", ["--limit 3", "--json", "--check 'nn.ReLU()'"])
def test_a_closed_or_full_output_gets_one_line(arguments):
    for output, message in (
        (">&-", "standard output is closed"),
        (">/dev/full", "cannot write: No space left on device"),
    ):
        line = f"exec {' '.join(COMMAND)} 3,3,3 3,3,3 {arguments} {output}"
        done = subprocess.run(["sh", "-c", line], stderr=subprocess.PIPE, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (2, f"conv-solve: {message}\n")


def test_a_reader_that_has_seen_enough_is_no_error():
    line = f"{' '.join(COMMAND)} 64,111,111 4,234,234 --limit 3000 | head -n 1"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
