# SPDX-License-Identifier: Apache-2.0
"""Requests that are refused, each for its reason, and those that are taken and lead to nothing."""

import concurrent.futures
import json
import socket

from harness import audit, notifications
from harness.case import TOKEN, Case
from harness.process import wait_for

WEB = b"""\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {longshore.dev/policy: semver}}
spec: {template: {spec: {containers: [{name: web, image: "docker.io/acme/shop:1.4.1"}]}}}
"""
PUSH = notifications.dockerhub("acme/shop", "1.4.2")


class Requests(Case):
    def setUp(self):
        super().setUp()
        self.program = self.longshore([
            {"name": "hub", "type": "dockerhub", "token": TOKEN, "images": ["docker.io/acme/*"], "verify": "off"},
            {"name": "reg", "type": "distribution", "token": TOKEN + "-reg", "verify": "off"},
        ])
        self.program.write_manifest("web.yaml", WEB)
        self.program.start()

    def assert_refused(self, reply, status):
        """A refusal says why, and names an id to look for."""
        self.assertEqual(reply.status, status, reply.body)
        document = reply.json()
        self.assertTrue(document["error"])
        self.assertTrue(document["id"])
        return document

    def assert_untouched(self):
        self.assertEqual(self.program.manifest("web.yaml"), WEB)
        self.assertEqual(self.program.audit().applied(), [])

    def decided(self, event):
        wait_for("the event is decided", lambda: self.program.audit().decisions(event))
        return self.program.audit().reasons(event)

    def test_a_wrong_secret_and_an_unknown_hook_are_answered_alike(self):
        wrong = self.program.post("/hooks/hub", PUSH, {"Authorization": "Bearer wrong"})
        unknown = self.program.post("/hooks/nobody", PUSH, {"Authorization": f"Bearer {TOKEN}"})
        none = self.program.post("/hooks/hub", PUSH)
        other = self.program.post("/hooks/hub", PUSH, {"Authorization": f"Bearer {TOKEN}-reg"})
        errors = {self.assert_refused(reply, 401)["error"] for reply in (wrong, unknown, none, other)}
        self.assertEqual(len(errors), 1, errors)
        self.assert_untouched()

    def test_the_secret_is_taken_wherever_a_sender_can_put_it(self):
        for path, headers in (
            ("/hooks/hub", {"Authorization": TOKEN}),
            ("/hooks/hub", {"Authorization": f"Bearer {TOKEN}"}),
            (f"/hooks/hub?token={TOKEN}", {}),
            (f"/hooks/hub/{TOKEN}", {}),
        ):
            with self.subTest(path=path, headers=headers):
                reply = self.program.post(path, notifications.dockerhub("acme/other", "1.0.0"), headers)
                self.assertEqual(reply.status, 202, reply.body)

    def test_only_posts_are_notifications(self):
        reply = self.program.get("/hooks/hub", {"Authorization": f"Bearer {TOKEN}"})
        self.assertEqual(reply.status, 405)
        self.assertIn("POST", reply.headers["Allow"])

    def test_a_body_beyond_the_limit_is_refused_unread(self):
        with socket.create_connection(("127.0.0.1", self.program.port.number), timeout=10) as connection:
            connection.sendall(
                f"POST /hooks/hub HTTP/1.1\r\nHost: longshore\r\nAuthorization: Bearer {TOKEN}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {(1 << 20) + 1}\r\n\r\n".encode())
            answer = connection.recv(4096)
        self.assertTrue(answer.startswith(b"HTTP/1.1 413 "), answer)

    def test_what_is_not_json_or_lacks_its_fields_is_refused_with_the_reason(self):
        self.assert_refused(self.program.notify("hub", b"{not json"), 400)
        document = self.assert_refused(self.program.notify("hub", {"push_data": {"tag": "1.4.2"}}), 400)
        self.assertIn("repo", document["error"])
        self.assert_untouched()

    def test_refused_requests_are_counted_in_the_audit(self):
        for _ in range(10):
            self.program.post("/hooks/hub", PUSH, {"Authorization": "Bearer wrong-secret-value"})
        self.program.notify("hub", b"{not json")
        self.assertEqual(self.program.stop(), 0)
        said = self.program.audit()
        self.assertEqual(said.refused("hub"), 11)
        # Two reasons, each with a line at once and one more for what followed.
        self.assertLessEqual(len(said.steps(audit.REFUSED)), 4)
        self.assertNotIn("wrong-secret-value", json.dumps(said.lines))
        self.assertNotIn("wrong-secret-value", self.program.log.read_text())

    def test_a_source_speaks_only_of_its_images(self):
        reply = self.program.notify("hub", notifications.dockerhub("other/shop", "1.4.2"))
        self.assertEqual(reply.status, 202)
        self.assertIn("hub", self.decided(reply.json()["id"]))
        self.assert_untouched()

    def test_a_host_that_nobody_configured_is_recorded_and_never_acted_upon(self):
        reply = self.program.notify("reg", notifications.distribution("evil.example.com", "acme/shop", "1.4.2"))
        self.assertEqual(reply.status, 202)
        self.assertIn("evil.example.com", self.decided(reply.json()["id"]))
        self.assert_untouched()

    def test_a_sender_that_reads_no_reply_gets_none(self):
        body = json.dumps(PUSH).encode()
        reply = self.program.request("POST", "/hooks/hub", body, {"Authorization": f"Bearer {TOKEN}"})
        self.assertEqual((reply.status, reply.body), (202, b""))
        self.assertTrue(reply.headers["Longshore-Event"])


class Redeliveries(Case):
    SECRET = "whsec_YSBrZXkgZm9yIHRoZSB0ZXN0cyBvbmx5"

    def setUp(self):
        super().setUp()
        self.program = self.longshore(
            [
                {"name": "reg", "type": "distribution", "token": TOKEN, "verify": "off"},
                {"name": "plain", "type": "native", "token": TOKEN, "verify": "off"},
                {"name": "signed", "type": "native", "secret": self.SECRET, "verify": "off"},
                {"name": "hub", "type": "dockerhub", "token": TOKEN, "verify": "off"},
            ],
            registries=[{"host": "registry.example.com"}, {"host": "quay.io"}, {"host": "docker.io"}])
        self.program.start()

    def assert_one(self, first, second):
        self.assertEqual(first.status, 202, first.body)
        self.assertEqual(second.status, 200, second.body)
        self.assertIs(second.json()["duplicate"], True)

    def assert_two(self, first, second):
        self.assertEqual((first.status, second.status), (202, 202))
        self.assertNotEqual(first.json()["id"], second.json()["id"])

    def test_the_same_event_of_a_registry_is_one(self):
        body = notifications.distribution("registry.example.com", "acme/shop", "1.4.2")
        self.assert_one(self.program.notify("reg", body), self.program.notify("reg", body))

    def test_it_is_one_over_a_restart_as_well(self):
        body = notifications.distribution("registry.example.com", "acme/shop", "1.4.2")
        first = self.program.notify("reg", body)
        self.program.kill()
        self.program.start()
        self.assert_one(first, self.program.notify("reg", body))

    def test_another_id_is_another_event(self):
        first = notifications.distribution("registry.example.com", "acme/shop", "1.4.2")
        second = notifications.distribution("registry.example.com", "acme/shop", "1.4.2")
        self.assert_two(self.program.notify("reg", first), self.program.notify("reg", second))

    def test_the_same_signed_message_is_one(self):
        body = json.dumps(notifications.native("quay.io/acme/shop:1.4.2")).encode()

        def send(message_id):
            return self.program.post("/hooks/signed", body, notifications.signed(body, message_id, self.SECRET))

        self.assert_one(send("msg_1"), send("msg_1"))
        self.assertEqual(send("msg_2").status, 202)

    def test_a_signature_over_other_bytes_is_refused(self):
        body = json.dumps(notifications.native("quay.io/acme/shop:1.4.2")).encode()
        headers = notifications.signed(body, "msg_1", self.SECRET)
        self.assertEqual(self.program.post("/hooks/signed", body + b" ", headers).status, 401)

    def test_two_bodies_without_id_and_time_are_two_events(self):
        body = notifications.native("quay.io/acme/shop:latest")
        first, second = self.program.notify("plain", body), self.program.notify("plain", body)
        self.assert_two(first, second)
        wait_for("both are in the audit",
                 lambda: len(self.program.audit().received("quay.io/acme/shop:latest")) == 2)

    def test_docker_hubs_own_time_tells_a_repeat_from_a_second_push(self):
        body = notifications.dockerhub("acme/shop", "latest", pushed_at=1_750_000_000)
        again = notifications.dockerhub("acme/shop", "latest", pushed_at=1_750_000_060)
        first = self.program.notify("hub", body)
        self.assert_one(first, self.program.notify("hub", body))
        self.assert_two(first, self.program.notify("hub", again))


class Overload(Case):
    def test_above_its_backlog_it_asks_the_sender_to_come_again_and_loses_nothing(self):
        program = self.longshore(
            [{"name": "hub", "type": "dockerhub", "token": TOKEN, "verify": "off"}],
            more={"limits": {"backlog": 1}})
        program.start()

        def send(number):
            return program.notify("hub", notifications.dockerhub("acme/shop", f"1.0.{number}"))

        # Eight senders at once: while one event is not decided, the next is refused.
        replies = {}
        with concurrent.futures.ThreadPoolExecutor(8) as senders:
            while not any(reply.status == 503 for reply in replies.values()):
                self.assertLess(len(replies), 4000, "nothing was ever refused")
                numbers = range(len(replies), len(replies) + 64)
                replies.update(zip(numbers, senders.map(send, numbers)))
        self.assertLessEqual({reply.status for reply in replies.values()}, {202, 503})
        refused = [number for number, reply in replies.items() if reply.status == 503]
        for number in refused:
            self.assertTrue(int(replies[number].headers["Retry-After"]) > 0)
            self.assertIn("decision", replies[number].json()["error"])

        # What was refused was not kept, and is taken when it is sent again.
        for number in refused:
            def again(number=number):
                replies[number] = send(number)
                return replies[number].status == 202
            wait_for("a refused push is accepted when sent again", again)
        acknowledged = {reply.json()["id"] for reply in replies.values()}
        self.assertEqual(len(acknowledged), len(replies))
        wait_for("every acknowledged push is decided", lambda: program.status()["backlog"] == 0)
        self.assertEqual(program.stop(), 0)
        self.assertEqual({line["id"] for line in program.audit().steps(audit.RECEIVED)}, acknowledged)
