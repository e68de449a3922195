"""The colours of every picture, by role: Okabe and Ito's palette (https://jfly.uni-koeln.de/color/) and some greys.

hexadecimal("lstm")      # "0072B2"
hexadecimal("lstm!20")   # a fifth of it, mixed into white
"""

from __future__ import annotations

from writeup.errors import WriteupError

COLOURS = {
    "lstm": "0072B2",  # blue; also: forward, values
    "gru": "D55E00",  # orange; also: backward, gradients
    "green": "009E73",
    "amber": "E69F00",
    "pink": "CC79A7",
    "sky": "56B4E9",
    "black": "111111",
    "ink": "1F3A5F",  # titles, frames, what is emphasised
    "dim": "5A6470",  # secondary words
    "grey": "A3ABB3",  # what stands back: other runs, ghosts
    "faint": "DDE1E5",  # grid lines
    "paper": "F3F5F8",  # ground of frames
    "white": "FFFFFF",
}


def hexadecimal(colour: str) -> str:
    """Six hexadecimal digits of a colour, or of `name!percent`, its mixture with white."""
    name, _, percent = colour.partition("!")
    if name not in COLOURS or not (percent == "" or (percent.isdigit() and int(percent) <= 100)):
        raise WriteupError(f"colour {colour!r}; there are {', '.join(COLOURS)}, also mixed with white as in 'lstm!20'")
    share = int(percent or 100) / 100
    channels = (int(COLOURS[name][i : i + 2], 16) for i in (0, 2, 4))
    return "".join(f"{round(255 + (channel - 255) * share):02X}" for channel in channels)
