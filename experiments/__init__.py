"""Everything that trains or measures for longer than seconds, and the models it trains.

What a module here has to offer is said in `writeup.experiments`. What holds for all of them stands below.
"""

import torch

from experiments.devices import training_device
from experiments.language_model.download import data_folder
from writeup.errors import WriteupError
from writeup.experiments import Report, Settings
from writeup.records.store import environment

__all__ = ["ALONE", "AUDITED", "Report", "Settings", "prepare", "require"]

# They measure times; a run beside them would be measured, too.
ALONE = frozenset({"bptt_growth", "language_model_clock", "language_model_profile", "step_time", "throughput"})
# It comes out alike on every machine (without oneDNN, 3e-7 apart).
AUDITED = "language_model"


def prepare() -> None:
    """One thread: two runs side by side outpace two threads in one, and the last digits depend on their number."""
    training_device()
    torch.set_num_threads(1)


def require(settings: Settings) -> None:
    """WikiText-2 where the run reads it, looked for or fetched once, and products of bfloat16 where it is made of them.

    Raises `WriteupError` on a processor for which oneDNN has none: a product then takes 15 times as long as in float32.
    With AVX-512 but without instructions of bfloat16 oneDNN has one that takes 3 times as long. (Both measured.)
    """
    if getattr(settings, "corpus", "") == "wikitext-2":
        data_folder()
        asked = getattr(settings, "precision", "float32")
        if asked == "bfloat16" and training_device().type == "cpu" and not bfloat16_products():
            raise WriteupError(
                f"{settings.name}: the run's products are in bfloat16, for which {environment()['processor']} has no "
                "instructions: they take many times as long; run it on another processor, or with DEVICE=cuda"
            )


def bfloat16_products() -> bool:
    """Whether oneDNN has products of bfloat16 on this processor (it wants AVX-512 or better)."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
