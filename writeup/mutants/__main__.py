"""`python -m writeup.mutants`: try a sample of faults in answers and records, and list those that nothing finds.

A fault that passes is idle if nothing that the documents print changes and no check accepts a wrong value near a claim
that it refused before. Of the others at least 98 % must be found. Exit status: 0 when they are, 1
when fewer are, 2 for an error.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from writeup.assignment import find_root
from writeup.errors import run_program
from writeup.experiments.display import Output
from writeup.mutants.bench import Bench, try_all
from writeup.mutants.campaign import CODE, RECORDS, Campaign, Fault, score, summary
from writeup.mutants.effect import FOUND, Outcome
from writeup.records.store import write_whole
from writeup.trust.forking import silence

AIM = 0.98
RESULTS = Path("build/mutants.jsonl")
SCORE = Path("build/mutants.json")
console = Output(highlight=False, soft_wrap=True, markup=False, file=os.fdopen(os.dup(1), "w", buffering=1))


def main(
    sample: Annotated[int, typer.Option(min=0, help="Faults in code; 0 tries every one.")] = 600,
    forged: Annotated[int, typer.Option(min=0, help="Forged records; 0 tries every one.")] = 300,
    seed: Annotated[int, typer.Option(help="Draws the sample.")] = 6,
    jobs: Annotated[int, typer.Option(min=1, help="Faults tried side by side.")] = 2,
    only: Annotated[str, typer.Option(help="Only faults whose file or record contains this.")] = "",
) -> None:
    """Try the sample and report the share that `writeup check` finds."""
    os.environ["OMP_NUM_THREADS"] = "1"  # for what the answers import: a process with several threads cannot be copied
    root = find_root()
    sys.stderr = os.fdopen(os.dup(2), "w")  # for what stops it
    silence()
    bench = Bench(root, lambda question, seconds: console.print(f"warm: {question}, {seconds:.1f} s"))
    campaign = Campaign(root, bench, root / RESULTS)
    scores = []
    for part, size in ((CODE, sample), (RECORDS, forged)):
        start = time.monotonic()
        candidates = [fault for fault in campaign.faults if fault.part == part]
        chosen = [fault for fault in campaign.sample(part, size, seed) if only in f"{fault.file} {fault.line}"]
        console.print(f"{part}: {len(candidates)} faults, {len(chosen)} of them drawn with seed {seed}")
        outcomes = _tried(campaign, chosen, jobs)
        found = score(part, len(candidates), outcomes, start)
        console.print(f"{part}: {dict(found.ended)}")
        console.print(f"{part}: {found.share:.1%} found of those with an effect, {found.seconds / 60:.1f} minutes")
        for fault in found.survivors:
            console.print(f"  {outcomes[fault].verdict}: {fault.change}: {outcomes[fault].reason}")
        scores.append(found)
    made = summary(scores, seed, campaign.sources)
    write_whole(root / SCORE, json.dumps(made, indent=1) + "\n")
    raise typer.Exit(0 if all(found.share >= AIM for found in scores) else 1)


def _tried(campaign: Campaign, chosen: list[Fault], jobs: int) -> dict[Fault, Outcome]:
    known = campaign.known()
    outcomes = {fault: known[key] for fault in chosen if (key := campaign.key(fault)) in known}
    waiting = {campaign.key(fault): fault for fault in chosen if fault not in outcomes}
    console.print(f"{len(outcomes)} known from before, {len(waiting)} to try")

    for key, outcome in try_all(jobs, {key: campaign.task(fault) for key, fault in waiting.items()}):
        outcomes[waiting[key]] = outcome
        campaign.note(waiting[key], outcome)
        if outcome.verdict not in FOUND:
            where = f"{outcome.question} {outcome.reason}"
            console.print(f"{len(outcomes)}/{len(chosen)} {outcome.verdict}: {waiting[key].change} {where}")
    return outcomes


if __name__ == "__main__":
    run_program(main, "mutants")
