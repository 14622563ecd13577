# SPDX-License-Identifier: Apache-2.0
"""What the played node asks an API server: requests with a deadline, and lists that are followed."""

import http.client
import json
import ssl
import threading
import time

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
TIMEOUT = 15.0
# Longer than any pause of an API server that lives: it sends a bookmark every minute.
WATCH_SECONDS = 240


class ApiError(Exception):
    """An answer that says no."""

    def __init__(self, status, text):
        super().__init__(f"{status}: {text[:300]}")
        self.status = status


# What a request may fail with that is worth a second try.
UNREACHABLE = (OSError, http.client.HTTPException, ValueError)


class Api:
    """Each thread has a connection of its own."""

    def __init__(self, host, port, ca, certificate, key):
        self._address = (host, port)
        self._context = ssl.create_default_context(cafile=ca)
        self._context.load_cert_chain(certificate, key)
        self._local = threading.local()

    def get(self, path):
        return self.call("GET", path)

    def call(self, method, path, body=None, content_type="application/json"):
        """The answer as a dict. Raises ApiError, or one of UNREACHABLE."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            try:
                return self._call(connection, method, path, body, content_type)
            except UNREACHABLE:
                pass  # it was kept too long: once more on a new one
        connection = self._local.connection = self._connect(TIMEOUT)
        return self._call(connection, method, path, body, content_type)

    def _call(self, connection, method, path, body, content_type):
        data = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, data, {"Content-Type": content_type} if data else {})
            response = connection.getresponse()
            text = response.read().decode()
        except UNREACHABLE:
            connection.close()
            self._local.connection = None
            raise
        if response.status >= 300:
            raise ApiError(response.status, text)
        return json.loads(text)

    def _connect(self, timeout):
        return http.client.HTTPSConnection(*self._address, timeout=timeout, context=self._context)

    def follow(self, path, on_list, on_event):
        """Lists, then watches from there; for ever. A stream that ends, however it ends, is followed
        by a new list: an API server whose store was set back says nothing of it."""
        while True:
            try:
                listed = self.get(path)
                on_list(listed["items"])
                self._watch(path, listed["metadata"]["resourceVersion"], on_event)
            except (ApiError, *UNREACHABLE) as error:
                print(f"{path}: {error}", flush=True)
                time.sleep(0.2)

    def _watch(self, path, version, on_event):
        connection = self._connect(WATCH_SECONDS + TIMEOUT)
        try:
            connection.request("GET", f"{path}&watch=1&allowWatchBookmarks=true&"
                                      f"timeoutSeconds={WATCH_SECONDS}&resourceVersion={version}")
            response = connection.getresponse()
            if response.status != 200:
                raise ApiError(response.status, response.read().decode())
            while line := response.readline():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise ApiError(event["object"].get("code", 0), event["object"].get("message", ""))
                if event["type"] != "BOOKMARK":
                    on_event(event["type"], event["object"])
        finally:
            connection.close()
