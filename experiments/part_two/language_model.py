"""A small word-level language model, trained with truncated back-propagation through time."""

import inspect
import itertools
import re
from collections import Counter

import torch
from torch import Tensor, nn

UNKNOWN, END = "<unk>", "<eos>"
NOT_SCORED = 0  # the number of the unknown word: it is read, but to foretell it is no merit


def reference_prose() -> list[str]:
    """The paragraphs of prose in PyTorch's own documentation, which every installation carries for `help()`.

    Only what looks like prose is read (a sentence's start and full stop, no prompt, directive or link; of inline
    mathematics the letters stay), and once where several entries repeat it. What PyTorch has from Python is left out,
    since that differs from one Python to the next.
    """
    texts = [
        inspect.cleandoc(entry.__doc__)
        for place in (nn, nn.functional, torch, Tensor, torch.optim, torch.distributions)
        for name, entry in sorted(vars(place).items(), key=lambda item: item[0])
        if name[0] != "_"
        and callable(entry)
        and isinstance(entry.__doc__, str)
        and (getattr(entry, "__module__", None) or "torch").startswith("torch")
    ]
    plain = re.compile(r":\w+:`~?([^`]*)`")  # :func:`torch.add`
    paragraphs = dict.fromkeys(
        " ".join(plain.sub(r"\1", part).split()) for text in texts for part in text.split("\n\n")
    )
    prose, no_prose = re.compile(r"[A-Z][a-z]* [a-z]+ [a-z]+"), re.compile(r":math:|>>>|http|::")
    return [line for line in paragraphs if prose.match(line) and line.endswith(".") and not no_prose.search(line)]


def reference_words() -> list[str]:
    """That prose as lower-case words and punctuation marks, with an end mark a paragraph."""
    lines = [re.findall(r"[a-z]+(?:'[a-z]+)?|[.,;:()]", line.lower()) for line in reference_prose()]
    return [word for line in lines for word in [*line, END]]


class Vocabulary:
    """Words to numbers: every word seen at least `least` times, the others are one unknown word."""

    def __init__(self, words: list[str], least: int) -> None:
        counts = Counter(words)
        self.words = [UNKNOWN, *sorted(word for word, count in counts.items() if count >= least and word != UNKNOWN)]
        self.number = {word: number for number, word in enumerate(self.words)}

    def encode(self, words: list[str]) -> Tensor:
        return torch.tensor([self.number.get(word, NOT_SCORED) for word in words])


def batchify(stream: Tensor, batch: int) -> Tensor:
    """Cut one long stream into `batch` parallel ones, (T, batch); the remainder is dropped."""
    steps = len(stream) // batch
    return stream[: steps * batch].view(batch, steps).T.contiguous()


class LanguageModel(nn.Module):
    """Embedding, one LSTM layer, and a decoder tied to the embedding; words (T, N) to logits (T, N, V)."""

    def __init__(self, words: int, width: int, dropout: float = 0.2) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.recurrent = nn.LSTM(width, width)
        self.decoder = nn.Linear(width, words)
        self.decoder.weight = self.embedding.weight
        self.drop = nn.Dropout(dropout)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)

    def forward(
        self, words: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        outputs, state = self.recurrent(self.drop(self.embedding(words)), state)
        return self.decoder(self.drop(outputs)), state


def train_language_model(model: LanguageModel, stream: Tensor, steps: int, truncation: int = 32) -> list[float]:
    """Truncated BPTT: windows of `truncation` words; the state's values flow on, gradients stop at each window.

    stream is (T, N). Returns the loss of every step, in nats a known word.
    """
    optimiser = torch.optim.Adam(model.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=4e-3, total_steps=steps)
    starts = range(0, len(stream) - truncation, truncation)
    losses: list[float] = []
    state = None
    model.train()
    for start in itertools.islice(itertools.cycle(starts), steps):
        if start == 0:
            state = None  # a new pass over the text begins with an empty memory
        elif state is not None:
            state = (state[0].detach(), state[1].detach())  # same values, no history: the truncation
        logits, state = model(stream[start : start + truncation], state)
        target = stream[start + 1 : start + 1 + truncation]
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=NOT_SCORED)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def mean_loss(model: LanguageModel, stream: Tensor) -> float:
    """Nats a known word over a held-out stream (T, N), read once from an empty state."""
    model.eval()
    logits, _ = model(stream[:-1])
    target = stream[1:].flatten()
    return nn.functional.cross_entropy(logits.flatten(0, 1), target, ignore_index=NOT_SCORED).item()


def unigram_loss(train: Tensor, held_out: Tensor, words: int) -> float:
    """Nats a known word of a model without context: word frequencies, with one added to every count."""
    counts = torch.bincount(train.flatten(), minlength=words) + 1.0
    counts[NOT_SCORED] = 0
    return -torch.log(counts / counts.sum())[held_out[held_out != NOT_SCORED]].mean().item()


@torch.no_grad()
def sample(model: LanguageModel, vocabulary: Vocabulary, start: str, length: int, temperature: float, seed: int) -> str:
    """Draw words one by one from softmax(logits / temperature); the unknown word is never drawn."""
    generator = torch.Generator().manual_seed(seed)
    model.eval()
    said, state = [start], None
    word = vocabulary.encode([start])[:, None]  # (1, 1)
    for _ in range(length):
        logits, state = model(word, state)
        scores = logits[0, 0] / temperature
        scores[NOT_SCORED] = -torch.inf
        word = torch.multinomial(torch.softmax(scores, dim=0), 1, generator=generator)[:, None]
        said.append(vocabulary.words[int(word)])
    return re.sub(r" ([.,;:)])", r"\1", " ".join(said).replace(f" {END}", "\n").replace("( ", "("))
