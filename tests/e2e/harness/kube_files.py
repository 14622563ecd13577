# SPDX-License-Identifier: Apache-2.0
"""What a cluster is started with, and what its users get: certificates and kubeconfigs."""

import base64
import pathlib
import subprocess

from . import components

EXTENSIONS = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
SERVER = ("extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,"
          "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc\n")
CLIENT = "extendedKeyUsage=clientAuth\n"


def _openssl(*arguments, text=""):
    subprocess.run([components.find("openssl"), *map(str, arguments)], input=text.encode(),
                   capture_output=True, check=True)


class Authority:
    """The certificates of one cluster, in a folder: NAME.crt and NAME.key."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.certificate, self._key = self.folder / "ca.crt", self.folder / "ca.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                 "-subj", "/CN=a cluster of the tests", "-addext", "keyUsage=critical,keyCertSign,digitalSignature",
                 "-keyout", self._key, "-out", self.certificate)

    def issue(self, name, subject, extensions=CLIENT):
        """(certificate, key)"""
        certificate, key, request = (self.folder / f"{name}.{end}" for end in ("crt", "key", "csr"))
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
                 "-keyout", key, "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-days", "2",
                 "-CAcreateserial", "-out", certificate, "-extfile", "-", text=EXTENSIONS + extensions)
        return certificate, key

    def issue_signer(self, name):
        """(private key, public key) that the tokens of service accounts are signed with."""
        private, public = self.folder / f"{name}.key", self.folder / f"{name}.pub"
        _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", private)
        _openssl("pkey", "-in", private, "-pubout", "-out", public)
        return private, public


def _inline(path):
    return base64.b64encode(pathlib.Path(path).read_bytes()).decode()


def token_user(token):
    """For kubeconfig()."""
    return f"    token: {token}\n"


def certificate_user(certificate, key):
    """The same, by certificate."""
    return (f"    client-certificate-data: {_inline(certificate)}\n"
            f"    client-key-data: {_inline(key)}\n")


def kubeconfig(path, contexts, current=None):
    """Writes one. contexts: name -> (server's URL, authority's certificate, user, namespace); current:
    the context that is used unless another is named, by default the first."""
    clusters, users, listed = "", "", ""
    for name, (server, authority, user, namespace) in contexts.items():
        clusters += (f"- name: {name}\n  cluster:\n    server: {server}\n"
                     f"    certificate-authority-data: {_inline(authority)}\n")
        users += f"- name: {name}\n  user:\n{user}"
        listed += f"- name: {name}\n  context: {{cluster: {name}, user: {name}, namespace: {namespace}}}\n"
    path = pathlib.Path(path)
    path.touch(mode=0o600)
    path.write_text(f"apiVersion: v1\nkind: Config\nclusters:\n{clusters}users:\n{users}contexts:\n{listed}"
                    f"current-context: {current or next(iter(contexts))}\n")
    return path
