"""Where WikiText-2 lies: a folder of the user's, or a cache that is filled over the network once, with checked sums."""

import os
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pooch
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from experiments.language_model.data import SPLITS
from writeup.errors import Absent, WriteupError

VARIABLE = "WRITEUP_DATA"
SUMS = Path(__file__).parents[1] / "data.toml"
SHA256: dict[str, str] = tomllib.loads(SUMS.read_text(encoding="utf-8"))["wikitext-2"]
_FOLDER = "word_language_model/data/wikitext-2"
MIRRORS = (
    f"https://raw.githubusercontent.com/pytorch/examples/main/{_FOLDER}/",
    f"https://cdn.jsdelivr.net/gh/pytorch/examples@main/{_FOLDER}/",
    f"https://github.com/pytorch/examples/raw/refs/heads/main/{_FOLDER}/",
)

TIMEOUT_SECONDS = 30


def data_folder(folder: Path | None = None) -> Path:
    """The folder with train.txt, valid.txt and test.txt: `folder`, else $WRITEUP_DATA, else the filled cache.

    Every file's sha256 is checked. Raises `Absent` for a missing file or when no mirror answers, another
    WriteupError for a wrong sum.
    """
    local = folder or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if local is None:
        return _downloaded(Path(pooch.os_cache("writeup")) / "wikitext-2")
    for split in SPLITS:
        path = local / f"{split}.txt"
        if not path.is_file():
            raise Absent(f"WikiText-2: {path} does not exist; {local} must hold {', '.join(SHA256)}")
        found = pooch.file_hash(str(path))
        if found != SHA256[path.name]:
            raise WriteupError(f"WikiText-2: {path} has sha256 {found}; expected {SHA256[path.name]}")
    return local


def _downloaded(cache: Path) -> Path:
    """Fetch what the cache lacks, from the first mirror that serves it whole."""
    pooch.get_logger().setLevel("ERROR")  # a mirror that does not answer is no news while another may
    for name, digest in SHA256.items():
        failures = []
        for mirror in MIRRORS:
            try:
                download = pooch.HTTPDownloader(progressbar=_Bar(name), timeout=TIMEOUT_SECONDS)
                pooch.retrieve(mirror + name, f"sha256:{digest}", name, cache, downloader=download)
                break
            except (OSError, ValueError) as error:  # no network or a refusal; a wrong sum
                failures.append(f"{urlsplit(mirror).netloc} ({type(error).__name__})")
        else:
            raise Absent(
                f"WikiText-2 is not here: {name} could not be fetched from {', '.join(failures)}. "
                f"Name a folder with {', '.join(SHA256)} in the environment: {VARIABLE}=FOLDER"
            )
    return cache


class _Bar:
    """A rich progress bar in the form that pooch drives: `total`, `update`, `reset`, `close`."""

    def __init__(self, name: str) -> None:
        self.total = 0
        self.progress = Progress(TextColumn(name), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self.task = self.progress.add_task(name)

    def update(self, amount: int) -> None:
        self.progress.start()
        self.progress.update(self.task, total=self.total, advance=amount)

    def reset(self) -> None:
        self.progress.reset(self.task)

    def close(self) -> None:
        self.progress.stop()
