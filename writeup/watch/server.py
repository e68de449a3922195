"""One page for this machine's browsers, which are told when there is another one."""

from __future__ import annotations

import secrets
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread

from writeup.errors import WriteupError

HOST = "127.0.0.1"
PATIENCE = 15.0  # seconds between two signs of life, by which a browser that has gone is noticed


class Server(ThreadingHTTPServer):
    """Serves `/`, the page, and `/changes`, server-sent events that name the version of the page."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise WriteupError(
                f"port {port} of {HOST}: {why}; --port names another, --port 0 takes a free one"
            ) from None
        self.changed = Condition()
        self.page = self.shown = ""
        self.count, self.start = 0, secrets.token_hex(4)
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}/"

    @property
    def version(self) -> str:
        """Of the page that is shown next; another one after every start."""
        return f"{self.start}-{self.count}"

    def show(self, page: str) -> None:
        """Show the page of this `version`; the next one has another."""
        with self.changed:
            self.page, self.shown = page, self.version
            self.count += 1
            self.changed.notify_all()


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        """A page, for those who ask this very address: no other site may read it under a name of its own."""
        if self.headers["Host"] not in {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}:
            self.send_error(403)
        elif self.path == "/":
            self._begin("text/html; charset=utf-8")
            self.wfile.write(self.server.page.encode())
        elif self.path == "/changes":
            self._begin("text/event-stream")
            self._tell()
        else:
            self.send_error(404)

    def _begin(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()

    def _tell(self) -> None:
        """The version that is shown, now and whenever it changes, until the browser goes."""
        told = ""
        try:
            while True:
                with self.server.changed:
                    if self.server.shown == told:
                        self.server.changed.wait(PATIENCE)
                    shown = self.server.shown
                self.wfile.write(f"data: {shown}\n\n".encode() if shown != told else b":\n\n")
                told = shown
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal tells what is checked."""
