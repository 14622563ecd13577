# SPDX-License-Identifier: Apache-2.0
"""Stands before an API server, so that a test sees what is asked of it, and may answer otherwise, cut
what is open, or change what a watch says."""

import http.client
import ssl

from .kube_files import SERVER, kubeconfig, token_user
from .servers import Server

PASSED_ON = ("accept", "authorization", "content-type", "user-agent")
PASSED_BACK = ("content-type", "retry-after", "warning", "audit-id")


class Cut(Exception):
    """Raised by on_line: the connection ends here, in the middle of its stream."""


class ApiProxy(Server):
    """It has a certificate of the cluster's authority. Users come with tokens: a client's certificate
    ends here.

    script: as every Server's; it may call answer(). on_line: called with the request and each line
    of a watch; what it returns is sent instead, and need not be a line.
    """

    def __init__(self, cluster):
        super().__init__()
        self._cluster = cluster
        self.on_line = None
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(*cluster.authority.issue(f"proxy-{self.host}", "/CN=proxy", SERVER))
        self.url = f"https://{self.host}"

    def kubeconfig(self, token=None, namespace="default"):
        """The file of somebody who goes this way; by default of the administrator."""
        return kubeconfig(self._cluster.folder / f"kubeconfig.{self.host}", {"proxy": (
            self.url, self._cluster.authority.certificate, token_user(token or self._cluster.token()), namespace)})

    def cut(self):
        """Ends every connection, and listens on."""
        self._listener.cut()

    def answer(self, request):
        upstream = http.client.HTTPSConnection("127.0.0.1", self._cluster.api_port, timeout=60,
                                               context=self._cluster.tls)
        try:
            upstream.request(request.command, request.path, request.body or None, {
                name: value for name, value in request.headers.items() if name.lower() in PASSED_ON})
            response = upstream.getresponse()
            headers = {name: value for name, value in response.getheaders() if name.lower() in PASSED_BACK}
            if "watch=" in request.path and response.status == 200:
                self._stream(request, response, headers)
            else:
                request.reply(response.status, response.read(), headers)
        except ConnectionRefusedError:
            request.close_connection = True  # as nobody's answer looks from here
        finally:
            upstream.close()

    def _stream(self, request, response, headers):
        request.send_response(200)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        try:
            while line := response.readline():
                self.send_chunk(request, self.on_line(request, line) if self.on_line else line)
            request.wfile.write(b"0\r\n\r\n")
        except (Cut, OSError, http.client.HTTPException):
            request.close_connection = True

    @staticmethod
    def send_chunk(request, data):
        if data:
            request.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            request.wfile.flush()
