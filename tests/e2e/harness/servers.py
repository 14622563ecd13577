# SPDX-License-Identifier: Apache-2.0
"""Servers of our own that the program under test is led to: they note what they are asked, and answer
as a test tells them."""

import http.server
import socket
import threading

from .process import Port


class Asked:
    """One request, as it came."""

    def __init__(self, request, body):
        self.method = request.command
        self.path = request.path
        self.authorization = request.headers.get("Authorization")
        self.text = f"{request.requestline}\n{request.headers}\n{body.decode(errors='replace')}"


class Request(http.server.BaseHTTPRequestHandler):
    """What answer() gets: http.server's, which writes a whole reply at once."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    body = b""

    def reply(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.owner.serve(self)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, *_):
        pass


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, owner, port):
        self.owner = owner
        self._lock = threading.Lock()
        self._connections = set()
        super().__init__(("127.0.0.1", port), Request)
        if owner.tls:  # the handshake is made in the connection's own thread
            self.socket = owner.tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def process_request(self, request, client_address):
        with self._lock:
            self._connections.add(request)
            self.owner.connections += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        pass  # whoever asked has gone

    def cut(self):
        """Ends every connection, whatever it waits for."""
        with self._lock:
            for connection in self._connections:
                try:
                    # Not the method of an SSLSocket: that one lets who is writing now go on in the clear.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
                except OSError:
                    pass


class Server:
    """Answers each request with answer(), in a thread of its connection. Until listen() nobody is
    there: connections are refused.

    script: called with each request before answer(); True: it has answered, in one way or another.
    tls: an SSLContext, set before listen().
    """

    tls = None

    def __init__(self):
        self._port = Port()
        self.host = f"127.0.0.1:{self._port.number}"
        self.script = None
        self.asked = []
        self.connections = 0  # also those that asked nothing that can be read
        self.closing = threading.Event()
        self._listener = None
        self._thread = None

    def listen(self):
        self._listener = _Listener(self, self._port.number)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def close(self):
        self.closing.set()
        if self._listener:
            self._listener.shutdown()
            self._listener.server_close()
            self._listener.cut()
            self._thread.join()
            self._listener = None
        self._port.release()

    def serve(self, request):
        self.asked.append(Asked(request, request.body))
        script = self.script
        if script is None or not script(request):
            self.answer(request)

    def answer(self, request):
        raise NotImplementedError

    def count(self, method, part=""):
        """How many requests had that method, and that part in their path."""
        return sum(asked.method == method and part in asked.path for asked in list(self.asked))

    def hang(self, request):
        """A script: takes the request and says nothing until the end."""
        self.closing.wait()
        request.close_connection = True
        return True


class Recorder(Server):
    """Where nobody should be led to, or not with anything worth having, which it asks for."""

    def answer(self, request):
        request.reply(401, headers={"WWW-Authenticate": 'Basic realm="registry"'})

    def got(self):
        """Everything that anybody ever sent here."""
        return "\n".join(asked.text for asked in list(self.asked))
