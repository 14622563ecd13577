#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands for the API server of a cluster with any number of Deployments: it replays one recorded answer
(kube_deployment.json, as Kubernetes 1.34 wrote it), each time with another name, and does nothing
that needs a store or controllers. A Deployment that is patched is rolled out at once.

    kube_stand_in.py N    prints its port; ends with its standard input

GET /bench/patches tells when each PATCH came: {"deployment's name": seconds since 1970, …}.
"""

import http.server
import json
import pathlib
import sys
import threading
import time
import urllib.parse

RECORDED = pathlib.Path(__file__).resolve().with_name("kube_deployment.json")
SPACE_SIZE = 500  # Deployments of one namespace
LISTS = {"/apis/apps/v1/deployments": "DeploymentList", "/apis/apps/v1/statefulsets": "StatefulSetList",
         "/apis/apps/v1/daemonsets": "DaemonSetList", "/apis/batch/v1/cronjobs": "CronJobList",
         "/api/v1/nodes": "NodeList"}
NODE = {"metadata": {"name": "node-0", "resourceVersion": "1"}, "spec": {},
        "status": {"nodeInfo": {"architecture": "amd64", "operatingSystem": "linux"}}}


def template():
    """The recorded object with the places to fill in, for `%`."""
    recorded = json.loads(RECORDED.read_text())
    metadata = recorded["metadata"]
    image = recorded["spec"]["template"]["spec"]["containers"][0]["image"]
    text = json.dumps(recorded, separators=(",", ":")).replace("%", "%%")
    for old, new in ((metadata["uid"], "%(uid)s"), (metadata["namespace"], "%(space)s"),
                     (f'"image":"{image}"', '"image":"%(image)s"'), (metadata["name"], "%(name)s"),
                     (f'"resourceVersion":"{metadata["resourceVersion"]}"', '"resourceVersion":"%(version)d"'),
                     (f'"generation":{metadata["generation"]}', '"generation":%(generation)d'),
                     (f'"observedGeneration":{metadata["generation"]}', '"observedGeneration":%(generation)d'),
                     ('"longshore.dev/policy"', '%(notes)s"longshore.dev/policy"')):
        if old not in text:
            raise ValueError(f"{RECORDED} has no {old}")
        # The first `image` only counts outside of what kubectl has kept of it.
        text = text.replace(old, new)
    return text, image.replace(metadata["name"], "%s")


class Cluster:
    def __init__(self, count):
        self.count = count
        self.template, self.image = template()
        self.changed = threading.Condition()
        # guarded by changed
        self.version = count + 1
        self.states = {}  # number -> what is filled in, of those that were patched
        self.events = []  # (version, line)
        self.patched = {}  # name -> when

    @staticmethod
    def name(number):
        return f"app-{number:06}"

    def state(self, number):
        known = self.states.get(number)
        if known:
            return known
        name = self.name(number)
        return {"uid": f"d7558cd0-f55b-4ed3-9d8d-{number:012}", "space": f"team-{number // SPACE_SIZE:04}",
                "name": name, "image": self.image % name, "version": number + 1, "generation": 1, "notes": ""}

    def page(self, begin, limit):
        end = min(begin + limit, self.count)
        items = ",".join(self.template % self.state(number) for number in range(begin, end))
        more = {"continue": str(end), "remainingItemCount": self.count - end} if end < self.count else {}
        return items, {"resourceVersion": str(self.version), **more}

    def patch(self, name, operations):
        """As the API server would, for the two kinds of operations that matter here."""
        number = int(name.rpartition("-")[2])
        with self.changed:
            state = dict(self.state(number))
            for operation in operations:
                path, value = operation["path"], operation.get("value")
                if path.endswith("/0/image"):
                    if operation["op"] == "test" and value != state["image"]:
                        return None
                    state["image"] = value
            state["notes"] = "".join(
                f"{json.dumps(operation['path'].rpartition('/')[2].replace('~1', '/'))}:{json.dumps(operation['value'])},"
                for operation in operations if operation["path"].startswith("/metadata/annotations/"))
            self.version += 1
            state["version"], state["generation"] = self.version, state["generation"] + 1
            self.states[number] = state
            self.patched[name] = time.time()
            text = self.template % state
            self.events.append((self.version, b'{"type":"MODIFIED","object":%s}\n' % text.encode()))
            self.changed.notify_all()
            return text


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    @property
    def cluster(self):
        return self.server.cluster

    def reply(self, status, text):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = {key: values[0] for key, values in urllib.parse.parse_qs(url.query).items()}
        if url.path == "/bench/patches":
            with self.cluster.changed:
                self.reply(200, json.dumps(self.cluster.patched))
        elif url.path not in LISTS:
            self.reply(404, '{"kind":"Status","code":404,"message":"not here"}')
        elif "watch" in query:
            self.watch(url.path, query)
        else:
            self.list(url.path, query)

    def list(self, path, query):
        with self.cluster.changed:
            items, metadata = "", {"resourceVersion": str(self.cluster.version)}
            if path.endswith("/deployments"):
                items, metadata = self.cluster.page(int(query.get("continue", 0)), int(query["limit"]))
            elif path.endswith("/nodes"):
                items = json.dumps(NODE)
        self.reply(200, f'{{"kind":"{LISTS[path]}","metadata":{json.dumps(metadata)},"items":[{items}]}}')

    def watch(self, path, query):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        version, end = int(query["resourceVersion"]), time.monotonic() + float(query["timeoutSeconds"])
        self.send_line(b'{"type":"BOOKMARK","object":{"kind":"%s","metadata":{"resourceVersion":"%d"}}}\n'
                       % (LISTS[path].removesuffix("List").encode(), version))
        while time.monotonic() < end:
            with self.cluster.changed:
                lines = [line for at, line in self.newest(version)] if path.endswith("/deployments") else []
                version = max(version, self.cluster.version)
                if not lines:
                    self.cluster.changed.wait(min(1.0, max(0.0, end - time.monotonic())))
            for line in lines:
                self.send_line(line)
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def send_line(self, line):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.flush()

    def newest(self, version):
        """The events after a version, oldest first."""
        found = []
        for event in reversed(self.cluster.events):
            if event[0] <= version:
                break
            found.append(event)
        return reversed(found)

    def do_PATCH(self):
        operations = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = urllib.parse.urlsplit(self.path).path.rpartition("/")[2]
        text = self.cluster.patch(name, operations)
        if text is None:
            self.reply(422, '{"kind":"Status","code":422,"message":"the test failed"}')
        else:
            self.reply(200, text)

    def do_POST(self):
        self.reply(201, self.rfile.read(int(self.headers["Content-Length"])).decode())

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # whoever asked has gone


def main():
    server = Server(("127.0.0.1", 0), Handler)
    server.cluster = Cluster(int(sys.argv[1]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
