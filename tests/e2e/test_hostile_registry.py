# SPDX-License-Identifier: Apache-2.0
"""A registry that lies, or was taken over: it gets no credential to where it leads, changes nothing, is
named in the audit, and stops nobody else."""

import base64
import re

from harness import audit, notifications
from harness.case import TOKEN, Case
from harness.fake_registry import FakeRegistry, asks_for_manifest, asks_for_tags, manifest_of
from harness.images import MANIFEST
from harness.process import wait_for
from harness.servers import Recorder
from harness.workloads import deployment, image_of

USER, PASSWORD, BEARER = "robot-4711", "pass-word-0815", "bearer-token-2342"
SHOP = "acme/shop"


def encoded(text):
    """As it stands in a header, whatever is put before it."""
    for before in range(3):
        data = base64.b64encode(b"x" * before + text.encode()).decode()
        # What a neighbour changes is cut off.
        yield data[4 if before else 0: -4]


SECRETS = [USER, PASSWORD, BEARER, *encoded(f"{USER}:{PASSWORD}"), *encoded(PASSWORD)]


class HostileRegistry(Case):
    def setUp(self):
        super().setUp()
        self.hostile = self.listening(FakeRegistry())
        self.honest = self.listening(FakeRegistry())
        self.elsewhere = self.listening(Recorder())

    def begin(self, sweep="off", more=None, **entry):
        """entry: further keys of the hostile registry's."""
        self.program = self.longshore(
            [{"name": "reg", "type": "distribution", "token": TOKEN}],
            registries=[{"host": self.hostile.host, "insecure": True, "deadline": "5s", "username": USER,
                         "password": PASSWORD, "sweep": sweep, **entry},
                        {"host": self.honest.host, "insecure": True, "sweep": "off"}],
            more=more)
        for name, registry in (("hostile", self.hostile), ("honest", self.honest)):
            self.program.write_manifest(f"{name}.yaml", deployment(name, f"{registry.host}/{SHOP}:1.0.0", "semver",
                                                                   pin="digest"))
        self.hostile.put(SHOP, "1.0.0")
        self.program.start()

    def announce(self, registry):
        digest = registry.put(SHOP, "1.0.1")
        self.program.notify("reg", notifications.distribution(registry.host, SHOP, "1.0.1", digest))
        return digest

    def assert_said(self, pattern, step=audit.REGISTRY):
        """The audit has one line about it, and it says what happened."""
        image = f"{self.hostile.host}/{SHOP}"
        lines = wait_for("the audit speaks of the registry",
                         lambda: self.program.audit().about(step, image), 20)
        self.assertRegex(lines[0]["error"], pattern)
        self.assertEqual(len({line["error"] for line in lines}), len(lines), "it is said again and again")

    def assert_harmless(self):
        """After the honest one's push is in effect."""
        digest = self.announce(self.honest)
        wanted = f"{self.honest.host}/{SHOP}:1.0.1@{digest}"
        wait_for("the honest registry's push runs",
                 lambda: image_of(self.program.manifest("honest.yaml")) == wanted)
        self.assertEqual(image_of(self.program.manifest("hostile.yaml")), f"{self.hostile.host}/{SHOP}:1.0.0")
        wait_for("the audit says so", lambda: self.program.audit().applied())
        self.assertEqual([line["to"] for line in self.program.audit().applied()], [wanted])
        got = self.elsewhere.got()
        said = self.program.audit_file.read_text() + self.program.log.read_text()
        for secret in SECRETS:
            self.assertNotIn(secret, got)
            self.assertNotIn(secret, said)

    def assert_refused(self, script, pattern, **entry):
        """Its push is announced, it answers so, and nothing comes of it."""
        self.hostile.script = script
        self.begin(**entry)
        self.announce(self.hostile)
        self.assert_said(pattern)
        self.assert_harmless()

    # It asks for a password, or a token.

    def forged_realm(self, request):
        request.reply(401, headers={"WWW-Authenticate":
                                    f'Bearer realm="http://{self.elsewhere.host}/token",service="registry"'})
        return True

    def test_a_forged_realm_is_not_asked(self):
        self.assert_refused(self.forged_realm, re.escape(self.elsewhere.host) + ".*auth_hosts")
        self.assertEqual(self.elsewhere.connections, 0)

    def test_a_forged_realm_is_not_asked_where_downloads_may_come_from(self):
        self.assert_refused(self.forged_realm, re.escape(self.elsewhere.host) + ".*auth_hosts",
                            redirect_hosts=[self.elsewhere.host])
        self.assertEqual(self.elsewhere.connections, 0)

    # It leads elsewhere once it has seen a token, or the password.

    def wants_token(self, then):
        """A script: a token service of its own; who has a token gets what `then` answers."""

        def script(request):
            if request.path.startswith("/token"):
                request.reply(200, b'{"token": "%s", "expires_in": 300}' % BEARER.encode())
            elif request.headers.get("Authorization") != f"Bearer {BEARER}":
                request.reply(401, headers={
                    "WWW-Authenticate": f'Bearer realm="http://{self.hostile.host}/token",service="registry"'})
            else:
                return then(request)
            return True

        return script

    def wants_password(self, then):
        def script(request):
            if not request.headers.get("Authorization", "").startswith("Basic "):
                request.reply(401, headers={"WWW-Authenticate": 'Basic realm="registry"'})
                return True
            return then(request)

        return script

    def redirects(self, place):
        def script(request):
            request.reply(307, headers={"Location": place + request.path})
            return True

        return script

    def assert_followed_bare(self, wants):
        """Where the redirect leads may be asked, and wants a password: it is told nothing."""
        self.assert_refused(wants(self.redirects(f"http://{self.elsewhere.host}")), "no right to read",
                            redirect_hosts=[self.elsewhere.host])
        self.assertTrue(any(asked.authorization for asked in self.hostile.asked))
        self.assertEqual({asked.authorization for asked in self.elsewhere.asked}, {None})

    def test_a_redirect_to_a_named_host_takes_no_token_along(self):
        self.assert_followed_bare(self.wants_token)

    def test_a_redirect_to_a_named_host_takes_no_password_along(self):
        self.assert_followed_bare(self.wants_password)

    def test_a_redirect_to_this_machine_is_not_followed(self):
        self.assert_refused(self.wants_password(self.redirects(f"http://{self.elsewhere.host}")), "address")
        self.assertEqual(self.elsewhere.connections, 0)

    def test_a_redirect_to_a_private_address_is_not_followed(self):
        self.assert_refused(self.wants_password(self.redirects("http://169.254.169.254/latest/meta-data")),
                            "169.254.169.254.*address|address.*169.254.169.254")

    def test_a_host_on_this_machine_that_nobody_configured_is_not_dialled(self):
        self.begin(more={"sweep": "1h"})
        # Named by a workload, and by a notification: two ways to be led there.
        image = f"{self.elsewhere.host}/{SHOP}:1.0.0"
        self.program.write_manifest("elsewhere.yaml", deployment("elsewhere", image, "semver"))
        event = self.program.notify("reg", notifications.distribution(self.elsewhere.host, SHOP, "1.0.1")).json()["id"]
        [line] = wait_for("it is decided", lambda: self.program.audit().decisions(event))
        self.assertIn("nobody configured", line["reason"])
        lines = wait_for("the audit says that it is not listed",
                         lambda: self.program.audit().about(audit.SWEEP, f"{self.elsewhere.host}/{SHOP}"))
        self.assertRegex(lines[0]["error"], "address")
        self.assert_harmless()
        self.assertEqual(image_of(self.program.manifest("elsewhere.yaml")), image)
        self.assertEqual(self.elsewhere.connections, 0)

    # Its lists.

    def assert_list_refused(self, script, pattern):
        self.hostile.script = self.wants_password(script)
        self.begin(sweep="1h", redirect_hosts=[self.elsewhere.host])
        self.assert_said(pattern, audit.SWEEP)
        self.hostile.script = self.wants_password(lambda request: False)
        self.assert_harmless()
        self.assertEqual(self.elsewhere.connections, 0)

    def test_a_next_page_on_another_host_is_not_asked_for(self):
        def script(request):
            if asks_for_tags(request):
                request.reply(200, b'{"tags": ["1.0.0"]}', {
                    "Link": f'<http://{self.elsewhere.host}/v2/{SHOP}/tags/list?last=1.0.0>; rel="next"'})
            return asks_for_tags(request)

        self.assert_list_refused(script, "next page")

    def test_a_list_that_leads_back_to_itself_ends(self):
        def script(request):
            if asks_for_tags(request):
                request.reply(200, b'{"tags": ["1.0.0"]}', {"Link": f'<{request.path}>; rel="next"'})
            return asks_for_tags(request)

        self.assert_list_refused(script, "does not end")

    # Its manifests.

    def test_bytes_that_do_not_have_their_digest_are_not_run(self):
        def script(request):
            if asks_for_manifest(request):
                # A HEAD that says too little, so that the bytes are asked for.
                claimed = {"Docker-Content-Digest": "sha256:" + 64 * "1"} if request.command == "GET" else {}
                request.reply(200, manifest_of("something else"), {"Content-Type": MANIFEST, **claimed})
            return asks_for_manifest(request)

        self.assert_refused(script, "sha256:1111.*and it is sha256:")

    def test_a_body_without_an_end_is_cut_off(self):
        sent = [0]  # bytes of each answer

        def script(request):
            if request.command != "GET":
                request.reply(405)
                return True
            request.send_response(200)
            request.send_header("Content-Type", MANIFEST)
            request.end_headers()
            request.close_connection = True
            sent.append(0)
            while not self.hostile.closing.is_set():
                sent[-1] += request.wfile.write(b" " * 65536)
            return True

        self.assert_refused(script, "too large")
        self.assertLess(max(sent), 32 << 20)
