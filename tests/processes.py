"""What becomes of processes that a test starts."""

import signal
from pathlib import Path


def heed_interrupts():
    """A suite that a shell runs in the background is deaf to SIGINT, and what it starts would be, too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def is_alive(pid):
    """Whether a process of this Linux is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
