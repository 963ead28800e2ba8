"""Receivers on loopback, good and bad, that keep what they get; and what is needed to run them."""

import http.server
import json
import socket
import ssl
import threading
import time
import warnings

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

# Passwords over implicit TLS: it doesn't see that the connection is secured.
warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS")
WAIT = 30  # seconds for anything to happen


def until(what, found):
    """What `found` answers once it answers something."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        if result := found():
            return result
        time.sleep(0.05)
    raise AssertionError(f"not within {WAIT} s: {what}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Http:
    """An HTTP server that keeps the requests by path, and answers as the path says."""

    def __init__(self, tls=None):
        self.got, keeper = {}, self
        self.stopping = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                keeper.got.setdefault(self.path, []).append((self.headers, body))
                keeper.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request):
        if request.path == "/hang":
            self.stopping.wait(WAIT)
            return
        if request.path == "/endless":
            request.send_response(500)
            request.end_headers()
            try:
                while not self.stopping.is_set():
                    request.wfile.write(b"x" * 65536)
            except OSError:
                pass  # the other side has had enough
            return
        status = {"/500": 500, "/429": 429, "/redirect": 307, "/v2/enqueue": 202}.get(request.path, 200)
        said = {"status": "success", "dedup_key": "x"} if status == 202 else {}
        body = json.dumps(said).encode()
        request.send_response(status)
        if status == 307:
            request.send_header("Location", "http://169.254.169.254/latest/meta-data")
        if status == 429:
            request.send_header("Retry-After", "3600")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def bodies(self, path):
        return [json.loads(body) for _, body in self.got.get(path, [])]

    def stop(self):
        self.stopping.set()
        self.server.shutdown()


class Mail:
    """A mail server that wants TLS and a password, and keeps what it gets."""

    def __init__(self, tls, implicit):
        self.got = []

        def authenticate(_server, _session, _envelope, _mechanism, login):
            return AuthResult(success=(login.login, login.password) == (b"ops", b"correct horse"))

        kept = self

        class Server(SMTP):
            async def smtp_DATA(self, arg):
                assert self.session.authenticated and self.session.ssl is not None or implicit
                return await super().smtp_DATA(arg)

        class Keeper:
            async def handle_RCPT(self, _server, _session, envelope, address, _options):
                if address.startswith("gone@"):
                    return "550 nobody is called so"
                envelope.rcpt_tos.append(address)
                return "250 known"

            async def handle_DATA(self, _server, _session, envelope):
                kept.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
                return "250 taken"

        class Listener(Controller):
            def factory(self):
                starttls = {} if implicit else {"tls_context": tls, "require_starttls": True}
                return Server(
                    self.handler, authenticator=authenticate, auth_required=True,
                    auth_require_tls=not implicit, **starttls,
                )

        self.controller = Listener(
            Keeper(), hostname="localhost", port=free_port(), ssl_context=tls if implicit else None
        )
        self.controller.start()
        self.port = self.controller.port


def server_side(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context
