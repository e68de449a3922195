"""WikiText-2 as token ids, and the batches that truncated back-propagation through time reads.

The scheme is that of the public word_language_model example of PyTorch: one vocabulary over all three files, an
`<eos>` a line, a text cut into parallel columns, windows of `bptt` rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from writeup.errors import WriteupError

SPLITS = ("train", "valid", "test")
END_OF_LINE = "<eos>"


@dataclass(frozen=True)
class Corpus:
    """Three texts as ids, int64 of shape (tokens,), and the word of every id."""

    vocabulary: list[str]
    train: Tensor
    valid: Tensor
    test: Tensor

    @classmethod
    def load(cls, folder: Path) -> "Corpus":
        """Read `train.txt`, `valid.txt` and `test.txt`; ids count words in order of their first appearance.

        Raises WriteupError when a file is missing or empty.
        """
        ids: dict[str, int] = {}
        texts = []
        for split in SPLITS:
            path = folder / f"{split}.txt"
            if not path.is_file():
                files = ", ".join(f"{name}.txt" for name in SPLITS)
                raise WriteupError(f"reading the corpus: {path} does not exist; the folder must hold {files}")
            lines = path.read_text(encoding="utf-8").split("\n")
            if lines[-1] == "":
                lines.pop()
            words = (word for line in lines for word in [*line.split(), END_OF_LINE])
            texts.append(torch.tensor([ids.setdefault(word, len(ids)) for word in words], dtype=torch.int64))
            if not len(texts[-1]):
                raise WriteupError(f"reading the corpus: {path} holds no text")
        return cls(list(ids), *texts)

    @classmethod
    def generated(cls) -> "Corpus":
        """A small made-up language for trials in seconds: 60 words, each followed by one of two others."""
        generator = torch.Generator().manual_seed(0)
        successors = torch.randint(60, (60, 2), generator=generator)
        coins = torch.randint(2, (6000,), generator=generator).tolist()
        words = [0]
        for coin in coins[1:]:
            words.append(int(successors[words[-1], coin]))
        text = torch.tensor(words)
        return cls([f"word{index}" for index in range(60)], text[:4000], text[4000:5000], text[5000:])


def batchify(text: Tensor, batch_size: int) -> Tensor:
    """Cut `text` (tokens,) into `batch_size` parallel columns: shape (tokens // batch_size, batch_size).

    Column b holds the b-th consecutive stretch; the remainder that does not fill a row is dropped.
    """
    rows = len(text) // batch_size
    if rows < 2:
        raise WriteupError(f"batchify: {len(text)} tokens in {batch_size} columns leave {rows} rows; at least 2 needed")
    return text[: rows * batch_size].view(batch_size, rows).t().contiguous()


def windows(columns: Tensor, bptt: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Consecutive windows of at most `bptt` rows with the next word of every position as its target.

    Yields (inputs, targets) of shapes (length, batch) and (length * batch,); the last window may be shorter.
    """
    for start in range(0, len(columns) - 1, bptt):
        length = min(bptt, len(columns) - 1 - start)
        yield columns[start : start + length], columns[start + 1 : start + 1 + length].reshape(-1)


def count_windows(columns: Tensor, bptt: int) -> int:
    """How many windows `windows` yields: ceil((rows - 1) / bptt)."""
    return -(-(len(columns) - 1) // bptt)
