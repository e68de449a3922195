"""Claims of the notebook's second part: from-scratch modules differ from torch.nn by rounding alone."""

from collections.abc import Iterator

import torch

from answers.part_two.loss import cross_entropy, cross_entropy_gradient
from answers.part_two.slips import SLIPS, difference_of, differences
from writeup.claims import Check, Claim, Control, Evidence, claim, require

SEED = 0  # the notebook's
OTHER_SEEDS = (101, 102)
ROUNDING = 1e-12  # double precision leaves 1e-13 at most on values of this size; the smallest slip leaves 1e-2
SINGLE = Control(float(torch.finfo(torch.float32).eps), "single precision")


def difference_claims() -> Iterator[Claim]:
    """Two for each module: the largest difference of outputs and of gradients, at the notebook's seed."""
    found = differences(SEED)
    others = [differences(seed) for seed in OTHER_SEEDS]
    slipped = {module: difference_of(slip, module, SEED) for module, slip in SLIPS.items()}
    for module, slip in SLIPS.items():
        wrong = slipped[module]
        for part in ("forward", "gradient"):
            again = max(getattr(other[module], part) for other in others)
            yield claim(
                f"3.{module}.{part}",
                getattr(found[module], part),
                f"largest {part} difference of `{module}` to `torch.nn`, in double precision",
                only_rounding(again),
                [Control(float(getattr(wrong, part)), slip.why), SINGLE],
                form=".1e",
            )
    yield by_hand_claim()
    largest = [max(max(pair) for pair in made.values()) for made in (found, *others)]
    smallest = min(min(wrong) for wrong in slipped.values())
    yield claim(
        "3.differences.largest",
        largest[0],
        "largest difference of all modules",
        only_rounding(max(largest[1:])),
        [Control(smallest, "the least that a slip leaves"), SINGLE],
        form=".0e",
    )
    yield claim(
        "3.differences.slip",
        smallest,
        "smallest difference that a slip in one formula leaves",
        more_than_rounding(),
        [Control(largest[0], "the right formulas"), SINGLE],
        form=".2f",
    )


def only_rounding(again: float) -> Check:
    """At most what rounding leaves; `again` is what the same comparison found at other seeds, which must be so too."""

    def check(candidate: float) -> Evidence:
        for value in (candidate, again):
            require(0 <= value <= ROUNDING, f"at most {ROUNDING}", value, "a difference that rounding explains")
        return Evidence("bound of double precision; the comparison at two other seeds", again, ROUNDING)

    return check


def more_than_rounding() -> Check:
    """What the slips leave at another seed is as much, within a factor of three, and far more than rounding."""
    again = min(min(difference_of(slip, module, OTHER_SEEDS[0])) for module, slip in SLIPS.items())

    def check(candidate: float) -> Evidence:
        require(again / 3 <= candidate <= 3 * again, again, candidate, "the slips at another seed")
        return Evidence("the slips at another seed, within a factor of three", again)

    return check


def gradient_by_hand(seed: int, one_hot: float = 1.0) -> float:
    """Largest difference of cross-entropy's gradient by hand to autograd's; `one_hot` 0 forgets the right class."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(8, 6, dtype=torch.double, generator=generator, requires_grad=True)
    target = torch.randint(6, (8,), generator=generator)
    (by_autograd,) = torch.autograd.grad(cross_entropy(logits, target), logits)
    by_hand = cross_entropy_gradient(logits.detach(), target)
    missing = (1 - one_hot) * torch.nn.functional.one_hot(target, 6) / len(target)
    return (by_autograd - by_hand - missing).abs().max().item()


def by_hand_claim() -> Claim:
    return claim(
        "3.CrossEntropyLoss.by-hand",
        gradient_by_hand(SEED),
        "largest difference of the gradient by hand to autograd's",
        only_rounding(max(gradient_by_hand(seed) for seed in OTHER_SEEDS)),
        [Control(gradient_by_hand(SEED, one_hot=0.0), "the right class not subtracted"), SINGLE],
        form=".1e",
    )
