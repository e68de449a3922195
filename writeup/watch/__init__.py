"""`make watch`: the evidence page while one writes, in the browser, verified anew where a change asks for it."""

from writeup.errors import WriteupError

try:
    from writeup.watch.loop import watch
except ModuleNotFoundError as error:
    raise WriteupError(f"{error.name} is not installed, and a watch needs it: pip install 'writeup[watch]'") from error
from writeup.watch.server import Server

__all__ = ["Server", "watch"]
