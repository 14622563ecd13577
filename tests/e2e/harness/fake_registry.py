# SPDX-License-Identifier: Apache-2.0
"""A registry in memory that does what a test tells it, and one that stands before a real one."""

import bisect
import http.client
import json
import math
import re
import threading
import time
import urllib.parse

from .images import CONFIG, LAYER, MANIFEST, digest_of
from .servers import Server

PAGE = 1000  # tags
MANIFESTS = re.compile(r"/v2/(.+)/manifests/([^/?]+)")
TAGS = re.compile(r"/v2/(.+)/tags/list(?:\?(.*))?")


def manifest_of(content):
    """A manifest that differs from that of any other content. Its blobs are nowhere."""
    def blob(kind, media_type):
        data = f"{kind} of {content}".encode()
        return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}

    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": blob("config", CONFIG),
                       "layers": [blob("layer", LAYER)]}).encode()


def asks_for_manifest(request):
    return MANIFESTS.match(request.path) is not None


def asks_for_tags(request):
    return TAGS.match(request.path) is not None


class FakeRegistry(Server):
    """Answers reads as the OCI distribution specification says: manifests, and tags in pages."""

    def __init__(self):
        super().__init__()
        self._manifests = {}
        self._tags = {}  # repository: {tag: digest}
        self._sorted = {}  # repository: its tags, as they are listed

    def put(self, repository, *tags, content=None):
        """Lets the tags name an image of that content (else the first tag's); its digest."""
        data = manifest_of(content or f"{repository}:{tags[0]}")
        digest = digest_of(data)
        self._manifests[digest] = data
        self._tags.setdefault(repository, {}).update(dict.fromkeys(tags, digest))
        self._sorted[repository] = sorted(self._tags[repository])
        return digest

    def answer(self, request):
        manifest = MANIFESTS.match(request.path)
        listing = TAGS.match(request.path)
        if manifest:
            self._answer_manifest(request, *manifest.groups())
        elif listing:
            self._answer_tags(request, *listing.groups())
        else:
            request.reply(200 if request.path == "/v2/" else 404)

    def _answer_manifest(self, request, repository, name):
        digest = self._tags.get(repository, {}).get(name, name)
        data = self._manifests.get(digest)
        if data is None:
            request.reply(404)
        else:
            request.reply(200, data, {"Content-Type": MANIFEST, "Docker-Content-Digest": digest})

    def _answer_tags(self, request, repository, query):
        if repository not in self._sorted:
            request.reply(404)
            return
        tags = self._sorted[repository]
        asked = urllib.parse.parse_qs(query or "")
        start = bisect.bisect_right(tags, asked["last"][0]) if "last" in asked else 0
        end = start + min(int(asked.get("n", [PAGE])[0]), PAGE)
        link = {}
        if end < len(tags):
            link["Link"] = f'</v2/{repository}/tags/list?last={tags[end - 1]}&n={end - start}>; rel="next"'
        request.reply(200, json.dumps({"name": repository, "tags": tags[start:end]}).encode(),
                      {"Content-Type": "application/json", **link})


class TooMany:
    """A script: 429 with Retry-After, until end(). Counts who asks before that time is over."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.answered = 0
        self.early = 0
        self._lock = threading.Lock()
        self._until = 0.0
        self._ended = False

    def end(self):
        self._ended = True

    def __call__(self, request):
        if self._ended:
            return False
        with self._lock:
            now = time.monotonic()
            self.answered += 1
            if now < self._until:
                self.early += 1
            else:
                self._until = now + self.seconds
            left = self._until - now
        request.reply(429, headers={"Retry-After": str(math.ceil(left))})
        return True


class Held:
    """A script: manifests are not answered before release()."""

    def __init__(self):
        self._released = threading.Event()

    def release(self):
        self._released.set()

    def __call__(self, request):
        if asks_for_manifest(request):
            self._released.wait()
        return False


class Proxy(Server):
    """Stands before a registry, so that a test sees what is asked of it, and may answer otherwise."""

    def __init__(self, upstream):
        super().__init__()
        self.upstream = upstream

    def answer(self, request):
        status, headers, body = self.fetch(request.command, request.path, request.headers)
        send(request, status, headers, body)

    def fetch(self, method, path, headers=None):
        """Status, headers and body of the registry's own answer."""
        connection = http.client.HTTPConnection(self.upstream, timeout=10)
        try:
            passed = {name: value for name, value in (headers or {}).items()
                      if name.lower() in ("accept", "authorization")}
            connection.request(method, path, headers=passed)
            response = connection.getresponse()
            kept = {name: value for name, value in response.getheaders()
                    if name.lower() not in ("content-length", "transfer-encoding", "connection")}
            kept["Content-Length"] = response.getheader("Content-Length", "0")
            return response.status, kept, response.read()
        finally:
            connection.close()


def send(request, status, headers, body):
    """An answer with the headers that it has; a HEAD's has a length and no body."""
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)


class Late:
    """A script for a proxy: what the registry said of a tag when this was made is what it goes on to
    say, until some seconds after the first question."""

    def __init__(self, proxy, repository, tag, seconds):
        self.path = f"/v2/{repository}/manifests/{tag}"
        self.seconds = seconds
        self.answered = 0  # with what was true
        accept = {"Accept": MANIFEST}
        self._old = {method: proxy.fetch(method, self.path, accept) for method in ("HEAD", "GET")}
        self._until = None

    def __call__(self, request):
        if request.path != self.path:
            return False
        now = time.monotonic()
        self._until = self._until or now + self.seconds
        if now >= self._until:
            return False
        self.answered += 1
        send(request, *self._old[request.command])
        return True

    def begin_again(self):
        """The next question is the first one."""
        self._until = None
