# SPDX-License-Identifier: Apache-2.0
"""Images as containerd pulls them, but for their layers: found at their registry, kept by digest.

What an image does once it runs is said by a label in its configuration:

    longshore.test/behaviour: ok | bad | crash | unready | crash-init  [after SECONDS] [for SECONDS]

`bad` cannot be pulled, `crash` ends with 1 before anybody sees it run, `unready` runs and is never
ready, `crash-init` is a `crash` where it is an init container and `ok` elsewhere. `after`: so long
into every run it is still ok. `for`: so long after it was first asked for, or first run, it is ok for
good. So `crash after 3` gets ready first, and `unready for 3` is slow to start.
"""

import base64
import hashlib
import http.client
import json
import math
import re
import threading
import time
import urllib.parse

LABEL = "longshore.test/behaviour"
BEHAVIOUR = re.compile(r"(ok|bad|crash|unready|crash-init)(?: after ([\d.]+))?(?: for ([\d.]+))?")
INDEXES = ("application/vnd.oci.image.index.v1+json",
           "application/vnd.docker.distribution.manifest.list.v2+json")
ACCEPT = ", ".join((*INDEXES, "application/vnd.oci.image.manifest.v1+json",
                    "application/vnd.docker.distribution.manifest.v2+json"))
TIMEOUT = 10.0


class Behaviour:
    def __init__(self, text):
        """Raises ValueError."""
        match = BEHAVIOUR.fullmatch(text)
        if match is None:
            raise ValueError(f"{LABEL} says '{text}', which is no behaviour")
        self.kind = match[1]
        self.after = float(match[2] or 0)
        self.lasts = float(match[3] or math.inf)


class PullError(Exception):
    """reason: what a kubelet writes as the reason that a container waits."""

    def __init__(self, message, reason="ErrImagePull"):
        super().__init__(message)
        self.reason = reason


class Reference:
    def __init__(self, text):
        name, _, self.digest = text.partition("@")
        folder, _, last = name.rpartition("/")
        last, _, tag = last.partition(":")
        first, _, rest = folder.partition("/")
        if "." in first or ":" in first or first == "localhost":
            self.host, self.repository = first, "/".join(part for part in (rest, last) if part)
        else:
            self.host = "docker.io"
            self.repository = f"{folder or 'library'}/{last}"
        self.name = f"{self.host}/{self.repository}"
        self.at = self.digest or tag or "latest"  # what a registry is asked for
        self.full = f"{self.name}@{self.digest}" if self.digest else f"{self.name}:{self.at}"


class Image:
    """One that is here. fits: whether the node can run it."""

    def __init__(self, digest, config, architecture):
        self.digest = digest
        self.fits = config.get("architecture", architecture) == architecture
        labels = (config.get("config") or {}).get("Labels") or {}
        self.behaviour = Behaviour(labels.get(LABEL, "ok"))
        self.first_asked = time.monotonic()

    @property
    def is_bad(self):
        return (self.behaviour.kind == "bad"
                and time.monotonic() < self.first_asked + self.behaviour.lasts)


class Store:
    """What one node has pulled. Asks registries over plain HTTP.

    mirror: the host:port that is asked instead of every registry that is not on this machine.
    """

    def __init__(self, architecture, mirror=None):
        self._architecture = architecture
        self._mirror = mirror
        self._lock = threading.Lock()
        self._here = {}  # Reference.full -> digest
        self._images = {}  # digest -> Image

    def get(self, text, policy, credentials=None):
        """(imageID, Image), pulled if the policy wants it. credentials: called with a host, gives
        `user:password` or None. Raises PullError."""
        reference = Reference(text)
        with self._lock:
            digest = self._here.get(reference.full)
        if digest is None and policy == "Never":
            raise PullError(f'Container image "{text}" is not present with pull policy of Never',
                            "ErrImageNeverPull")
        if digest is None or policy == "Always":
            try:
                digest = self._pull(reference, credentials)
            except PullError as error:
                raise PullError(f'failed to pull and unpack image "{reference.full}": {error}') from None
            with self._lock:
                self._here[reference.full] = self._here[f"{reference.name}@{digest}"] = digest
        return f"{reference.name}@{digest}", self._images[digest]

    def _pull(self, reference, credentials):
        host = reference.host
        if not host.startswith(("127.", "localhost")):
            host = self._mirror
        if host is None:
            raise PullError(f'failed to resolve reference "{reference.full}": failed to do request: Head '
                            f'"https://{reference.host}/v2/{reference.repository}/manifests/{reference.at}"'
                            f": dial tcp: lookup {reference.host}: no such host")
        registry = _Registry(host, reference, credentials)
        digest = registry.resolve()
        with self._lock:
            image = self._images.get(digest)
        if image is None:
            try:
                image = Image(digest, registry.config(digest, self._architecture), self._architecture)
            except ValueError as error:
                raise PullError(str(error)) from None
            with self._lock:
                self._images[digest] = image
        if image.is_bad:
            raise PullError(f"failed to copy: httpReadSeeker: failed open: content at "
                            f"http://{host}/v2/{reference.repository}/blobs/{digest} not found: not found")
        return digest


class _Registry:
    """One repository, for one pull."""

    def __init__(self, host, reference, credentials):
        self._host = host
        self._reference = reference
        self._credentials = credentials
        self._authorization = None

    def resolve(self):
        """The digest of what the reference names."""
        path = f"manifests/{self._reference.at}"
        digest, _ = self._ask("HEAD", path)
        if digest is None:  # old registries say it with the manifest only
            digest = _digest_of(self._ask("GET", path)[1])
        return digest

    def config(self, digest, architecture):
        """The configuration of the image, or of its part for this architecture."""
        manifest = self._json("manifests", digest)
        if manifest.get("mediaType") in INDEXES or "manifests" in manifest:
            for part in manifest["manifests"]:
                platform = part.get("platform") or {}
                if platform.get("os") == "linux" and platform.get("architecture") == architecture:
                    manifest = self._json("manifests", part["digest"])
                    break
            else:
                raise PullError(f"no match for platform in manifest: not found: {digest}")
        return self._json("blobs", manifest["config"]["digest"])

    def _json(self, kind, digest):
        _, text = self._ask("GET", f"{kind}/{digest}")
        if _digest_of(text) != digest:
            raise PullError(f"failed precondition: unexpected commit digest {_digest_of(text)}, "
                            f"expected {digest}: failed precondition")
        return json.loads(text)

    def _ask(self, method, path):
        url = f"http://{self._host}/v2/{self._reference.repository}/{path}"
        status, headers, text = self._request(method, url)
        if status == 401 and self._credentials:
            self._authorization = self._authorize(headers.get("WWW-Authenticate", ""))
            status, headers, text = self._request(method, url)
        if status == 404:
            self._refuse(f"{self._reference.full}: not found")
        if status in (401, 403):
            self._refuse("pull access denied, repository does not exist or may require authorization: "
                         "authorization failed: no basic auth credentials")
        if status != 200:
            self._refuse(f"unexpected status from {method} request to {url}: "
                         f"{status} {http.client.responses.get(status, '')}")
        return headers.get("Docker-Content-Digest"), text

    def _refuse(self, why):
        raise PullError(f'failed to resolve reference "{self._reference.full}": {why}')

    def _authorize(self, challenge):
        """The header that a challenge asks for, or None where no pull secret has it."""
        secret = self._credentials(self._reference.host)
        basic = f"Basic {base64.b64encode(secret.encode()).decode()}" if secret else None
        if not challenge.startswith("Bearer "):
            return basic
        said = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        query = urllib.parse.urlencode({key: said[key] for key in ("service", "scope") if key in said})
        self._authorization = basic
        status, _, text = self._request("GET", f"{said.get('realm', '')}?{query}")
        if status != 200:
            return None
        answer = json.loads(text)
        return f"Bearer {answer.get('token') or answer.get('access_token')}"

    def _request(self, method, url):
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
        headers = {"Accept": ACCEPT}
        if self._authorization:
            headers["Authorization"] = self._authorization
        try:
            connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path,
                               headers=headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        except (OSError, http.client.HTTPException, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            self._refuse(f'failed to do request: {method.title()} "{url}": dial tcp {parts.netloc}: '
                         f"connect: {str(why).lower()}")
        finally:
            connection.close()


def _digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()
