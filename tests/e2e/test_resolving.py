# SPDX-License-Identifier: Apache-2.0
"""What a notification says is looked up where the image is: at the registry, whoever it lets in, and
however late it shows a tag that it has announced already."""

import base64
import json
import signal

from harness import audit, notifications
from harness.case import TOKEN, Case
from harness.components import needs
from harness.fake_registry import FakeRegistry, Late, Proxy
from harness.process import wait_for
from harness.secrets import PASSWORD, USER, Certificate, TokenService, htpasswd_line
from harness.workloads import deployment, image_of

CREDENTIALS = f"{USER}:{PASSWORD}"
SHOP = "acme/shop"
LATE = 1.0  # seconds that a tag is served late
# Longer than all repeats that a registry is given to show what was announced (14.4 s).
REPEATS = 30.0


class Asking:
    """Workloads of images at one host, which is asked about what sources say."""

    def program_for(self, host, **entry):
        """Its sources: `reg`, a registry's own notifications, and `build`, which knows no digests."""
        images = [f"{host}/*"]
        self.host = host
        self.program = self.longshore(
            [{"name": "reg", "type": "distribution", "token": TOKEN, "images": images, "host": host},
             {"name": "build", "type": "native", "token": TOKEN + "-build", "images": images}],
            registries=[{"host": host, **entry}])
        return self.program

    def run_shop(self, tag, policy="semver:~1.4", **annotations):
        self.program.write_manifest("shop.yaml", deployment("shop", f"{self.host}/{SHOP}:{tag}", policy,
                                                            **annotations))

    def shop(self):
        return image_of(self.program.manifest("shop.yaml")).removeprefix(f"{self.host}/{SHOP}:")

    def wait_shop(self, wanted, seconds=15.0):
        wait_for(f"the shop runs {wanted}", lambda: self.shop() == wanted, seconds)

    def wait_applied(self, *wanted):
        """The whole way of the shop, and nothing beside it."""
        wait_for("the audit says so", lambda: len(self.program.audit().applied()) >= len(wanted))
        self.assertEqual([line["to"].removeprefix(f"{self.host}/{SHOP}:")
                          for line in self.program.audit().applied()], list(wanted))

    def url(self):
        return f"http://127.0.0.1:{self.program.port.number}/hooks/reg"


class Resolving(Asking):
    """The tests, for whichever registry a class below names."""

    kind = ""

    def setUp(self):
        super().setUp()
        self.hub = self.registry(self.kind)

    def push(self, tag, platforms=("amd64",), credentials=None, content=None):
        layout = self.layout(content or tag, platforms)
        layout.push(f"{self.hub.host}/{SHOP}:{tag}", credentials)
        return layout.digest

    def assert_pushes_followed(self, credentials=None):
        """One image, and one of two platforms, to the digest that the tag has."""
        one = self.push("1.4.2", credentials=credentials)
        self.wait_shop(f"1.4.2@{one}")
        several = self.push("1.4.3", platforms=("amd64", "arm64"), credentials=credentials)
        self.wait_shop(f"1.4.3@{several}")
        self.wait_applied(f"1.4.2@{one}", f"1.4.3@{several}")
        said = self.program.audit()
        self.assertEqual(said.steps(audit.RESOLVED), [])
        self.assertTrue([line for line in said.steps(audit.DECIDED)
                         if line["decision"] == audit.WAIT and "is asked" in line["reason"]])
        newest = self.program.json_of("history", f"{self.hub.host}/{SHOP}")["history"][0]
        self.assertEqual((newest["tag"], newest["digest"], newest["verified"]), ("1.4.3", several, True))
        self.assertNotIn(PASSWORD, self.program.audit_file.read_text() + self.program.log.read_text())

    def begin(self, auth="", tls=None, **entry):
        self.program_for(self.hub.host, **entry)
        self.run_shop("1.4.1", pin="digest")
        self.program.start()
        self.hub.start(self.url(), TOKEN, auth, tls)

    def test_an_open_registry(self):
        self.begin(insecure=True)
        self.assert_pushes_followed()

    def test_a_registry_behind_a_password(self):
        self.begin(htpasswd_line(self.folder), insecure=True, username=USER, password=PASSWORD)
        self.assert_pushes_followed(CREDENTIALS)

    def test_a_password_out_of_dockers_own_file(self):
        self.program_for(self.hub.host, insecure=True)
        docker = self.folder / "config.json"
        docker.write_text(json.dumps({"auths": {self.hub.host: {
            "auth": base64.b64encode(CREDENTIALS.encode()).decode()}}}))
        self.program.settings["docker_config"] = str(docker)
        self.run_shop("1.4.1", pin="digest")
        self.program.start()
        self.hub.start(self.url(), TOKEN, htpasswd_line(self.folder))
        self.assert_pushes_followed(CREDENTIALS)

    @needs("openssl")
    def test_a_registry_behind_tokens(self):
        service = self.listening(TokenService(Certificate(self.folder)))
        self.begin(service.registry_line(), insecure=True, username=USER, password=PASSWORD,
                   auth_hosts=[service.host])
        self.assert_pushes_followed(CREDENTIALS)
        self.assertIn(([f"repository:{SHOP}:pull"], True), service.wanted)

    @needs("openssl")
    def test_a_registry_with_a_certificate_of_an_own_authority(self):
        certificate = Certificate(self.folder)
        self.begin(htpasswd_line(self.folder), certificate, ca=str(certificate.certificate),
                   username=USER, password=PASSWORD)
        self.assert_pushes_followed(CREDENTIALS)

    def test_a_notification_without_a_digest(self):
        self.program_for(self.hub.host, insecure=True)
        self.run_shop("1.4.1", pin="digest")
        self.program.start()
        self.hub.start_alone()
        digest = self.push("1.4.2", platforms=("amd64", "arm64"))
        self.program.notify("build", notifications.native(f"{self.hub.host}/{SHOP}:1.4.2"))
        self.wait_shop(f"1.4.2@{digest}")

    def test_a_wrong_password_is_said_and_what_was_pushed_meanwhile_is_not_lost(self):
        self.begin(htpasswd_line(self.folder), insecure=True, username=USER, password="wr0ng-" + PASSWORD)
        digest = self.push("1.4.2", credentials=CREDENTIALS)
        [line] = wait_for("the audit says so", lambda: self.program.audit().steps(audit.REGISTRY))
        self.assertIn("refuses the user name", line["error"])
        self.assertEqual(self.shop(), "1.4.1")
        self.program.settings["registries"][0]["password"] = PASSWORD
        self.program.write_config()
        self.program.process.signal(signal.SIGHUP)
        self.wait_shop(f"1.4.2@{digest}", 30)
        self.assertNotIn("wr0ng", self.program.audit_file.read_text() + self.program.log.read_text())

    # A proxy of ours shows a tag later than the registry announces it.

    def begin_late(self, tag, is_notifying=True, **annotations):
        self.proxy = self.listening(Proxy(self.hub.host))
        self.program_for(self.proxy.host, insecure=True)
        self.run_shop(tag, **annotations)
        self.program.start()
        if is_notifying:
            self.hub.start(self.url(), TOKEN)
        else:
            self.hub.start_alone()

    def late(self, tag):
        self.proxy.script = Late(self.proxy, SHOP, tag, LATE)
        return self.proxy.script

    def build_says(self, tag):
        self.program.notify("build", notifications.native(f"{self.proxy.host}/{SHOP}:{tag}"))

    def test_a_tag_that_is_announced_before_it_is_there(self):
        self.begin_late("1.4.1", pin="digest")
        late = self.late("1.4.2")
        digest = self.push("1.4.2")
        self.wait_shop(f"1.4.2@{digest}")
        self.assertGreater(late.answered, 0)
        self.wait_applied(f"1.4.2@{digest}")
        self.assertEqual(self.program.audit().steps(audit.RESOLVED), [])

    def test_a_tag_that_is_announced_before_it_moves_and_moves_back(self):
        self.begin_late("stable", policy="digest")
        first = self.push("stable", content="A")
        self.wait_shop(f"stable@{first}")
        late = self.late("stable")
        second = self.push("stable", content="B")
        self.wait_shop(f"stable@{second}")
        self.assertGreater(late.answered, 0)
        late = self.late("stable")
        self.assertEqual(self.push("stable", content="A"), first)
        self.wait_shop(f"stable@{first}")
        self.assertGreater(late.answered, 0)
        self.wait_applied(f"stable@{first}", f"stable@{second}", f"stable@{first}")
        self.assertEqual(self.program.audit().steps(audit.RESOLVED), [])

    def test_killed_while_a_tag_is_late_it_still_believes_no_old_answer(self):
        self.begin_late("stable", policy="digest")
        first = self.push("stable", content="A")
        self.wait_shop(f"stable@{first}")
        late = self.late("stable")
        second = self.push("stable", content="B")
        wait_for("the old answer is given", lambda: late.answered > 0)
        self.program.kill()
        late.begin_again()
        self.program.start()
        self.wait_shop(f"stable@{second}")
        self.assertGreater(late.answered, 1)
        self.wait_applied(f"stable@{first}", f"stable@{second}")

    def test_an_early_word_without_a_digest(self):
        self.begin_late("stable", is_notifying=False, policy="digest")
        late = self.late("stable")
        first = self.push("stable", content="A")
        self.build_says("stable")
        self.wait_shop(f"stable@{first}")
        self.assertGreater(late.answered, 0)
        late = self.late("stable")
        second = self.push("stable", content="B")
        self.build_says("stable")
        self.wait_shop(f"stable@{second}")
        self.assertGreater(late.answered, 0)
        self.wait_applied(f"stable@{first}", f"stable@{second}")


@needs("registry2", "skopeo")
class Distribution2Resolving(Resolving, Case):
    kind = "registry2"


@needs("registry3", "skopeo")
class Distribution3Resolving(Resolving, Case):
    kind = "registry3"


class Believing(Asking, Case):
    """Whom to believe, shown with a registry in memory."""

    def setUp(self):
        super().setUp()
        self.hub = self.listening(FakeRegistry())

    def announce(self, repository, tag, digest=None):
        body = notifications.distribution(self.hub.host, repository, tag, digest)
        return self.program.notify("reg", body).json()["id"]

    def test_the_registry_has_the_last_word(self):
        self.program_for(self.hub.host, insecure=True)
        self.run_shop("1.4.1", pin="digest")
        self.program.write_manifest("gone.yaml", deployment("gone", f"{self.host}/acme/gone:1.4.1", "semver"))
        self.program.start()
        true = self.hub.put(SHOP, "1.4.2")
        forged = self.announce(SHOP, "1.4.2")
        gone = self.announce("acme/gone", "1.4.2")
        self.wait_shop(f"1.4.2@{true}", REPEATS)
        wait_for("the audit says what became of both",
                 lambda: len(self.program.audit().steps(audit.RESOLVED)) >= 2, REPEATS)
        resolved = {line["id"]: line for line in self.program.audit().steps(audit.RESOLVED)}
        self.assertEqual(set(resolved), {forged, gone})
        self.assertIn(true[:19], resolved[forged]["reason"])
        self.assertIn("no such tag", resolved[gone]["reason"])
        self.wait_applied(f"1.4.2@{true}")
        self.assertEqual(image_of(self.program.manifest("gone.yaml")), f"{self.host}/acme/gone:1.4.1")

    def test_where_it_is_off_nobody_is_asked(self):
        self.program_for(self.hub.host, insecure=True, verify="off")
        self.run_shop("1.4.1", pin="digest")
        self.program.start()
        digest = self.hub.put(SHOP, "1.4.2")
        self.announce(SHOP, "1.4.2", digest)
        self.wait_shop(f"1.4.2@{digest}")
        self.assertEqual(self.hub.asked, [])
