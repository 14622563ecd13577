# SPDX-License-Identifier: Apache-2.0
"""Certificates of our own authority, and a token service that signs with them."""

import base64
import json
import pathlib
import subprocess
import time
import urllib.parse

from . import components
from .servers import Server

USER, PASSWORD = "robot", "secret"
# bcrypt of PASSWORD, as `htpasswd -B` writes it.
HTPASSWD = "robot:$2b$04$rn0FZ1G1.m7xKzvD98Fe4OVPWtUUFiLkUpDdxm44NJCZ9OTuvQgSS\n"
ISSUER = "the token service"


def htpasswd_line(folder):
    """For a registry's configuration: lets USER in."""
    users = pathlib.Path(folder) / "htpasswd"
    users.write_text(HTPASSWD)
    return f"auth: {{htpasswd: {{realm: registry, path: {users}}}}}\n"


class Certificate:
    """For 127.0.0.1; its own authority."""

    def __init__(self, folder):
        self.certificate = pathlib.Path(folder) / "certificate.pem"
        self.key = pathlib.Path(folder) / "key.pem"
        subprocess.run(
            [components.find("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", "/CN=registry", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", self.key, "-out", self.certificate],
            stdin=subprocess.DEVNULL, capture_output=True, check=True)

    def sign(self, data):
        run = subprocess.run([components.find("openssl"), "dgst", "-sha256", "-sign", self.key],
                             input=data, capture_output=True, check=True)
        return run.stdout

    def der(self):
        """As a JOSE header carries it: base64 of DER."""
        lines = self.certificate.read_text().splitlines()
        return "".join(line for line in lines if not line.startswith("-----"))


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TokenService(Server):
    """Grants USER everything, and others to pull what is in public/ ("Token Authentication
    Specification" of distribution)."""

    def __init__(self, certificate):
        super().__init__()
        self.certificate = certificate
        self.wanted = []  # (scopes, whether with credentials)

    def registry_line(self):
        """For a registry's configuration."""
        return (f"auth: {{token: {{realm: 'http://{self.host}/token', service: registry, "
                f"issuer: {ISSUER}, rootcertbundle: {self.certificate.certificate}}}}}\n")

    def answer(self, request):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(request.path).query)
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        sent = request.headers.get("Authorization")
        scopes = query.get("scope", [])
        self.wanted.append((scopes, sent is not None))
        if sent is not None and sent != wanted:
            request.reply(401)
            return
        request.reply(200, json.dumps({"token": self._token(query["service"][0], scopes, sent is not None),
                                       "expires_in": 300}).encode())

    def _token(self, service, scopes, is_known):
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            granted = actions.split(",") if is_known else ["pull"] if name.startswith("public/") else []
            access.append({"type": kind, "name": name, "actions": granted})
        now = int(time.time())
        header = {"typ": "JWT", "alg": "RS256", "x5c": [self.certificate.der()]}
        claims = {"iss": ISSUER, "sub": USER if is_known else "", "aud": service, "exp": now + 300,
                  "nbf": now - 10, "iat": now, "jti": str(time.monotonic_ns()), "access": access}
        text = _encode(json.dumps(header).encode()) + "." + _encode(json.dumps(claims).encode())
        return text + "." + _encode(self.certificate.sign(text.encode()))
