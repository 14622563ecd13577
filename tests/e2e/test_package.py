# SPDX-License-Identifier: Apache-2.0
"""The Debian package that scripts/package.sh makes: what is in it, and that it runs from there."""

import re
import subprocess

from harness import components
from harness.build import class_folder, made_by, run_script
from harness.case import Case
from harness.process import PATIENCE

UNIT = "lib/systemd/system/longshore.service"


def run(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60 * PATIENCE, check=False)


class MakingAPackage(Case):
    made = None

    def package(self):
        """The file, and what it unpacks to; made once for all tests of this class."""
        if MakingAPackage.made is None:
            parent = class_folder(self)
            package = made_by("package.sh", "--output", parent)
            subprocess.run(["dpkg-deb", "--raw-extract", package, parent / "root"], stdin=subprocess.DEVNULL, check=True)
            MakingAPackage.made = (package, parent / "root")
        return MakingAPackage.made

    def test_it_is_made_of_what_belongs_to_a_system(self):
        package, root = self.package()
        fields = run("dpkg-deb", "--field", package).stdout
        self.assertRegex(fields, r"(?m)^Package: longshore$")
        self.assertRegex(fields, r"(?m)^Depends: .*adduser.*libc6 \(>= .*libcurl4")
        names = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
        for name in ("usr/bin/longshore", UNIT, "etc/longshore/longshore.yaml", "usr/share/doc/longshore/copyright",
                     "usr/share/doc/longshore/example.yaml", "usr/share/doc/longshore/guides/files.md",
                     "usr/share/bash-completion/completions/longshore"):
            self.assertIn(name, names)
        self.assertEqual((root / "DEBIAN/conffiles").read_text(), "/etc/longshore/longshore.yaml\n")
        listing = run("dpkg-deb", "--contents", package).stdout
        self.assertEqual(re.findall(r"(?m)^.(?!rw[-x]r-[-x]r-[-x] root/root ).*", listing), [])
        for script in ("postinst", "prerm", "postrm"):
            self.assertEqual(run("sh", "-n", root / "DEBIAN" / script).returncode, 0, script)

    def test_its_program_accepts_its_configuration_and_names_its_options(self):
        _, root = self.package()
        program = root / "usr/bin/longshore"
        self.assertEqual(run(program, "--version").stdout, run(components.find("longshore"), "--version").stdout)
        check = run(program, "check", "--config", root / "etc/longshore/longshore.yaml")
        self.assertEqual(check.returncode, 0, check.stderr)
        config = (root / "etc/longshore/longshore.yaml").read_text()
        self.assertRegex(config, r"(?m)^listen: 127\.0\.0\.1:\d+$")
        completion = root / "usr/share/bash-completion/completions/longshore"
        words = run("bash", "-c", '. "$1"; COMP_WORDS=(longshore che); COMP_CWORD=1; "$(complete -p longshore |'
                    ' sed "s/.*-F \\([^ ]*\\).*/\\1/")" longshore che longshore; echo "${COMPREPLY[*]}"', "-", completion)
        self.assertEqual(words.stdout.split(), ["check"], words.stderr)

    def test_what_its_configuration_shows_in_comments_is_one(self):
        _, root = self.package()
        text = (root / "etc/longshore/longshore.yaml").read_text()
        manifests = self.folder / "manifests"
        manifests.mkdir()
        (self.folder / "hub-token").write_text("e2e-token-0123456789abcdef\n")
        text = re.sub(r"(?m)^#((sources|targets):|  - )", r"\1", text)
        text = text.replace("/etc/longshore", str(self.folder)).replace("/srv/manifests", str(manifests))
        (self.folder / "longshore.yaml").write_text(text)
        check = run(root / "usr/bin/longshore", "check", "--config", self.folder / "longshore.yaml")
        self.assertEqual(check.returncode, 0, check.stderr)
        self.assertIn("1 source, 0 registries, 1 target", check.stdout)

    @components.needs("systemd")
    def test_its_unit_is_understood(self):
        _, root = self.package()
        # Units are looked at as those of this system, where the program is not installed.
        unit = self.folder / "longshore.service"
        unit.write_text((root / UNIT).read_text().replace("/usr/bin/longshore", str(root / "usr/bin/longshore")))
        verify = run(components.find("systemd"), "verify", "--man=no", unit)
        self.assertEqual((verify.returncode, verify.stdout + verify.stderr), (0, ""))
        unit.write_text(unit.read_text().replace("ProtectSystem=strict", "ProtectSystem=very"))
        self.assertIn("protect system", run(components.find("systemd"), "verify", "--man=no", unit).stderr)

    def test_wrong_usage_is_named(self):
        wrong = run_script("package.sh", "--nothing")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("unknown argument '--nothing'", wrong.stderr)
        usage = run_script("package.sh", "--help").stdout
        self.assertIn("--output DIR", usage)
        self.assertTrue(usage.endswith(" is the package's file.\n"), usage)
