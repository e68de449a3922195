"""The echo task: repeat the symbols of a random sequence after a delay, which may change from sequence to sequence."""

import torch
from torch import Tensor, nn


class Echo(nn.Module):
    """A GRU that reads a symbol and the wanted delay at each step and scores the symbol to say.

    symbols is (T, N), delays is (N,) with values 0..max_delay; the result is the logits (T, N, alphabet) and the
    states (T, N, hidden). At a fixed delay the second input is the same for all and carries no information.
    """

    def __init__(self, alphabet: int, max_delay: int, hidden: int) -> None:
        super().__init__()
        self.alphabet, self.max_delay = alphabet, max_delay
        self.memory = nn.GRU(alphabet + max_delay + 1, hidden)
        self.decoder = nn.Linear(hidden, alphabet)

    def forward(self, symbols: Tensor, delays: Tensor) -> tuple[Tensor, Tensor]:
        wanted = nn.functional.one_hot(delays, self.max_delay + 1).expand(len(symbols), -1, -1)  # (T, N, D + 1)
        said = nn.functional.one_hot(symbols, self.alphabet)  # (T, N, alphabet)
        states, _ = self.memory(torch.cat([said, wanted], dim=2).float())
        return self.decoder(states), states


def echoed(symbols: Tensor, delays: Tensor) -> tuple[Tensor, Tensor]:
    """The targets and where they count: target[t] = symbols[t - delay], from t = delay on.

    symbols is (T, N), delays (N,); both results are (T, N). Before the first echo there is nothing right to say.
    """
    source = torch.arange(len(symbols))[:, None] - delays  # (T, N)
    return symbols.gather(0, source.clamp(min=0)), source >= 0


def draw(delays: Tensor, length: int, alphabet: int, generator: torch.Generator) -> Tensor:
    """Uniform random symbols (length, N), one sequence for each delay."""
    return torch.randint(alphabet, (length, len(delays)), generator=generator)


def train_echo(
    min_delay: int,
    max_delay: int,
    seed: int,
    *,
    alphabet: int = 2,
    hidden: int = 64,
    length: int = 30,
    steps: int = 600,
) -> tuple[Echo, list[float]]:
    """Train on fresh sequences, delays uniform in min_delay..max_delay; also returns the loss of every step."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = Echo(alphabet, max_delay, hidden)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=1e-2, total_steps=steps)
    losses = []
    for _ in range(steps):
        delays = torch.randint(min_delay, max_delay + 1, (64,), generator=generator)
        symbols = draw(delays, length, alphabet, generator)
        target, counts = echoed(symbols, delays)
        logits, _ = model(symbols, delays)
        loss = nn.functional.cross_entropy(logits[counts], target[counts])
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return model, losses


@torch.no_grad()
def accuracy(model: Echo, delay: int, length: int = 30, sequences: int = 500, seed: int = 12345) -> float:
    """Share of right echoes on fresh sequences at one delay."""
    delays = torch.full((sequences,), delay)
    symbols = draw(delays, length, model.alphabet, torch.Generator().manual_seed(seed))
    target, counts = echoed(symbols, delays)
    logits, _ = model(symbols, delays)
    return (logits.argmax(dim=2) == target)[counts].double().mean().item()


@torch.no_grad()
def remembered(
    model: Echo, delay: int, longest_lag: int, length: int = 30, sequences: int = 1000, seed: int = 54321
) -> list[float]:
    """For each lag 0..longest_lag, how often a linear probe of the last state names the symbol of that many steps ago.

    The probe is a least-squares fit to the one-hot symbol on half of the sequences, scored on the other half. It finds
    what is linear in the state: where it guesses, at the rate of 1 / alphabet, the symbol may be held in another way.
    """
    delays = torch.full((sequences,), delay)
    symbols = draw(delays, length, model.alphabet, torch.Generator().manual_seed(seed))
    _, states = model(symbols, delays)
    last = torch.cat([states[-1], torch.ones(sequences, 1)], dim=1).double()  # (N, hidden + 1)
    half = sequences // 2
    # the small ridge keeps the fit defined where hidden units are collinear
    gram = last[:half].T @ last[:half] + 1e-6 * half * torch.eye(last.shape[1], dtype=torch.double)
    found = []
    for lag in range(longest_lag + 1):
        symbol = symbols[-1 - lag]  # (N,)
        one_hot = nn.functional.one_hot(symbol, model.alphabet).double()
        probe = torch.linalg.solve(gram, last[:half].T @ one_hot[:half])
        guess = (last[half:] @ probe).argmax(dim=1)
        found.append((guess == symbol[half:]).double().mean().item())
    return found
