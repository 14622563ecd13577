# SPDX-License-Identifier: Apache-2.0
"""Whatever becomes of a watch: what Longshore knows of the cluster is what a fresh list says afterwards,
pushes are applied, and nothing is done twice."""

import json
import re

from harness import kube_workloads as workloads
from harness.kube_proxy import ApiProxy, Cut
from harness.kube_updates import UpdateCase
from harness.process import wait_for


def status(code, reason, message):
    """As the API server refuses."""
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason,
            "message": message}


GONE = status(410, "Expired", "too old resource version: 1 (2)")


class Once:
    """A script that answers the first watch of each kind that way, and the others not at all."""

    def __init__(self, proxy, answer):
        self.proxy, self.answer, self.done = proxy, answer, set()

    def __call__(self, request):
        kind = request.path.partition("?")[0]
        if "watch=" not in request.path or kind in self.done:
            return False
        self.done.add(kind)
        self.answer(request)
        return True

    def is_over(self):
        return len(self.done) == 4


class WatchCase(UpdateCase):
    def setUp(self):
        super().setUp()
        self.proxy = self.listening(ApiProxy(self.cluster))
        self.program = self.install(self.target(kubeconfig=str(self.proxy.kubeconfig())))
        self.make("shop")
        self.cluster.create(workloads.stateful_set("states", self.image("other", "1.0"), replicas=0), self.space)
        self.cluster.create(workloads.cron_job("job", self.image("other", "1.0")), self.space)
        self.pushes = self.changes = 0
        self.program.start()
        self.wait_synced(self.program)
        self.change()
        self.wait_index(self.program)

    def change(self):
        """What others do: make, change and delete."""
        self.changes += 1
        self.make(f"made{self.changes}", policy=None)
        if self.changes > 1:
            self.cluster.delete("deployment", f"made{self.changes - 1}", self.space)
        self.cluster.set_image("statefulset", "states", self.image("other", f"{self.changes}.0"), self.space)

    def assert_true_and_alive(self):
        """The index is a fresh list, a push is applied, and each was once."""
        self.wait_index(self.program, 40)
        self.pushes += 1
        image = self.image("shop", f"1.0.{self.pushes}")
        self.push("shop", f"1.0.{self.pushes}")
        self.wait_runs("shop", image)
        self.wait_applied(self.program, image)
        self.assertEqual(self.patches("shop"), self.pushes)
        self.wait_index(self.program)
        wait_for("nothing is wrong", lambda: self.status_of(self.program)["problems"] == [])


class Watches(WatchCase):
    def reply(self, code, document, headers=None):
        def answer(request):
            request.reply(code, json.dumps(document).encode(), {"Content-Type": "application/json", **(headers or {})})

        return answer

    def gone_in_the_stream(self, request):
        line = json.dumps({"type": "ERROR", "object": GONE}).encode() + b"\n"
        request.reply(200, line, {"Content-Type": "application/json"})

    def meet(self, answer):
        """Ends the watches; what they meet when they begin again. Others change something meanwhile."""
        script = self.proxy.script = Once(self.proxy, answer)
        self.proxy.cut()
        self.change()
        wait_for("each kind has met it", script.is_over, 40)
        self.proxy.script = None
        self.assert_true_and_alive()

    def test_is_cut(self):
        for _ in range(2):
            self.proxy.cut()
            self.change()
            self.assert_true_and_alive()

    def test_times_out(self):
        def shorten(request):
            request.path = re.sub(r"timeoutSeconds=\d+", "timeoutSeconds=1", request.path)

        self.proxy.script = shorten
        self.proxy.cut()
        before = self.proxy.count("GET", "watch=")
        wait_for("each has ended", lambda: self.proxy.count("GET", "watch=") >= before + 8, 20)
        self.change()
        self.assert_true_and_alive()

    def test_gets_410(self):
        for answer in (self.reply(410, GONE), self.gone_in_the_stream):
            lists = self.proxy.count("GET", "limit=500")
            self.meet(answer)
            self.assertGreaterEqual(self.proxy.count("GET", "limit=500"), lists + 4)

    def test_gets_429(self):
        self.meet(self.reply(429, status(429, "TooManyRequests", "later"), {"Retry-After": "1"}))

    def test_gets_500(self):
        self.meet(self.reply(500, status(500, "InternalError", "etcdserver: leader changed")))

    def test_gets_half_a_line(self):
        halved = []

        def halve(request, line):
            if halved or b"made" not in line:
                return line
            halved.append(line)
            self.proxy.send_chunk(request, line[:len(line) // 2])
            raise Cut

        self.proxy.on_line = halve
        self.change()
        wait_for("a line is halved", lambda: halved)
        self.assert_true_and_alive()

    def test_gets_a_line_that_is_none(self):
        spoilt = []

        def spoil(request, line):
            if spoilt or b"made" not in line:
                return line
            spoilt.append(line)
            return line[:len(line) // 2] + b"\n"

        self.proxy.on_line = spoil
        self.change()
        wait_for("a line is spoilt", lambda: spoilt)
        self.assert_true_and_alive()


class Server(WatchCase):
    def test_is_restarted_and_has_forgotten(self):
        self.assert_true_and_alive()
        self.cluster.restart_api_server()
        self.change()
        self.assert_true_and_alive()
        self.cluster.stop_api_server(kill=True)
        self.cluster.compact()
        self.cluster.start_api_server()
        self.change()
        self.assert_true_and_alive()

    def test_is_set_back_to_an_older_state(self):
        self.assert_true_and_alive()
        self.cluster.save_state(self.space)
        self.assert_true_and_alive()
        for _ in range(5):
            self.change()
        self.wait_index(self.program)
        newest = self.image("shop", f"1.0.{self.pushes}")
        self.cluster.restore_state(self.space)
        self.assertEqual(self.running("shop"), self.image("shop", f"1.0.{self.pushes - 1}"))
        self.wait_index(self.program, 40)
        # What was done is not done again: somebody has set it back.
        self.wait_applied(self.program, newest)
        self.assertEqual(self.running("shop"), self.image("shop", f"1.0.{self.pushes - 1}"))
        self.changes = 100
        self.make("made100", policy=None)  # which is deleted now; what was made after the copy is gone
        self.change()
        self.assert_true_and_alive()
        self.wait_applied(self.program, newest)
