# SPDX-License-Identifier: Apache-2.0
"""A real Kubernetes control plane on this machine, with nodes that are played (tests/stack/kube)."""

import http.client
import json
import pathlib
import secrets
import shutil
import signal
import ssl
import subprocess
import tempfile
import unittest

from . import components
from .case import Case
from .kube_files import SERVER, Authority, certificate_user, kubeconfig, token_user
from .kube_objects import Objects
from .process import Port, Process

NODE = components.STACK / "kube" / "node.py"
BEHAVIOUR = "longshore.test/behaviour"
# What the parts of the cluster ask of each other is not kept.
AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    userGroups: [system:nodes, "system:serviceaccounts:kube-system"]
  - level: None
    users: [system:apiserver, system:kube-controller-manager, system:kube-scheduler, system:anonymous]
  - level: Metadata
"""


class Cluster(Objects):
    """etcd, API server, controller manager, scheduler and one node; what is started here ends here.

    A second cluster is a second object: ports are free ones, files are in the folder.
    """

    def __init__(self, folder, mirror=None, **timing):
        """mirror: the registry (host:port) that nodes ask instead of every one that is not on this
        machine. timing: of the first node, as start_node() takes it."""
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.programs = pathlib.Path(components.find("kube"))
        self.mirror = mirror
        self._ports = {name: Port() for name in ("etcd", "peer", "api", "manager", "scheduler")}
        self.api_port = self._port("api")
        self.server = f"https://127.0.0.1:{self.api_port}"
        self._processes = {}  # name -> Process
        self._nodes = {"node-0": _options(timing)}  # name -> more arguments
        self.tokens = {"admin": secrets.token_hex(16), "nobody": secrets.token_hex(16)}
        self._make_files()

    def _port(self, name):
        return self._ports[name].number

    def _make_files(self):
        self.authority = Authority(self.folder / "pki")
        self._server_files = self.authority.issue("apiserver", "/CN=kube-apiserver", SERVER)
        self._signer = self.authority.issue_signer("accounts")
        self._own = {name: self._certified(name, f"/CN=system:{name}")
                     for name in ("kube-controller-manager", "kube-scheduler")}
        self._certified("certificate", "/O=system:masters/CN=admin")
        for user, token in self.tokens.items():
            self._write_kubeconfig(user, token_user(token))
        # `admin` may do everything, `nobody` nothing.
        self._token_file = self.folder / "pki" / "tokens.csv"
        self._token_file.write_text(f'{self.tokens["admin"]},admin,1,"system:masters"\n'
                                    f'{self.tokens["nobody"]},nobody,2\n')
        self._audit_policy = self.folder / "audit-policy.yaml"
        self._audit_policy.write_text(AUDIT_POLICY)
        self.tls = ssl.create_default_context(cafile=self.authority.certificate)

    def _certified(self, name, subject):
        return self._write_kubeconfig(name, certificate_user(*self.authority.issue(name, subject)))

    def _write_kubeconfig(self, name, user, namespace="default"):
        return kubeconfig(self.folder / f"kubeconfig.{name}", {"tests": self.context(user, namespace)})

    # Users.

    def kubeconfig(self, user="admin"):
        """The file of `admin` (a token), `certificate` (an administrator's, too) or `nobody`, who
        has no rights."""
        return self.folder / f"kubeconfig.{user}"

    def token(self, user="admin"):
        return self.tokens[user]

    def context(self, user, namespace="default"):
        """For kubeconfig() of kube_files.py, which can write several into one file. user: text, as
        token_user() makes it."""
        return self.server, self.authority.certificate, user, namespace

    def account_token(self, account, namespace, seconds=3600):
        return self.kubectl("create", "token", account, f"--duration={seconds}s", namespace=namespace).strip()

    def account_kubeconfig(self, account, namespace, manifests=()):
        """The file of a service account, after these manifests (paths or text) have given it rights."""
        for manifest in manifests:
            self.apply(manifest, namespace)
        user = token_user(self.account_token(account, namespace))
        return self._write_kubeconfig(f"{namespace}.{account}", user, namespace)

    # Processes.

    def start(self):
        self.start_etcd()
        self.start_api_server()
        self._launch_manager()
        self._launch_scheduler()
        self._launch_node("node-0")
        for name in ("manager", "scheduler"):
            self._processes[name].wait_ready(lambda port=self._port(name): self._is_healthy(port), 60)
        self._wait_node("node-0")
        self._wait_account("default")  # pods are refused before there is one
        return self

    def close(self):
        for name in reversed(list(self._processes)):
            self._processes[name].kill()
        for port in self._ports.values():
            port.release()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _launch(self, name, *command):
        self._processes[name] = Process(name, command, self.folder / f"{name}.log",
                                        {"KUBECACHEDIR": str(self.folder / "cache")})
        return self._processes[name]

    def start_etcd(self):
        client, peer = (f"http://127.0.0.1:{self._port(name)}" for name in ("etcd", "peer"))
        self._launch(
            "etcd", self.programs / "etcd", "--name=tests", f"--data-dir={self.folder / 'etcd'}",
            "--unsafe-no-fsync", "--logger=zap", "--log-level=warn",
            f"--listen-client-urls={client}", f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=tests={peer}",
        ).wait_ready(lambda: self._is_healthy(self._port("etcd"), tls=False, path="/health"), 60)

    def start_api_server(self, *more):
        """more: further options of kube-apiserver."""
        certificate, key = self._server_files
        private, public = self._signer
        self._launch(
            "api", self.programs / "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{self._port('etcd')}",
            "--bind-address=127.0.0.1", f"--secure-port={self.api_port}", "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",  # it would publish an address that is not a loopback one
            "--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=Node,RBAC",
            f"--token-auth-file={self._token_file}", f"--client-ca-file={self.authority.certificate}",
            f"--tls-cert-file={certificate}", f"--tls-private-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={public}", f"--service-account-signing-key-file={private}",
            f"--audit-policy-file={self._audit_policy}", f"--audit-log-path={self.folder / 'audit.log'}", *more,
        ).wait_ready(lambda: self._is_healthy(self.api_port, path="/readyz"), 90)

    def stop_api_server(self, kill=False):
        """Asks it to end, which cuts what is open at the end only; or kills it."""
        self._processes["api"].kill() if kill else self._processes["api"].end()

    def restart_api_server(self):
        self.stop_api_server(kill=True)
        self.start_api_server()

    def _launch_manager(self):
        own = self._own["kube-controller-manager"]
        self._launch(
            "manager", self.programs / "kube-controller-manager", f"--kubeconfig={own}",
            f"--authentication-kubeconfig={own}", f"--authorization-kubeconfig={own}",
            "--bind-address=127.0.0.1", f"--secure-port={self._port('manager')}", "--leader-elect=false",
            "--use-service-account-credentials", "--node-monitor-period=1s",
            "--horizontal-pod-autoscaler-sync-period=1s",
            # Its own limit makes it start its controllers one after the other for five seconds.
            "--kube-api-qps=1000", "--kube-api-burst=1000",
            f"--root-ca-file={self.authority.certificate}",
            f"--service-account-private-key-file={self._signer[0]}")

    def _launch_scheduler(self):
        own = self._own["kube-scheduler"]
        self._launch(
            "scheduler", self.programs / "kube-scheduler", f"--kubeconfig={own}",
            f"--authentication-kubeconfig={own}", f"--authorization-kubeconfig={own}",
            "--bind-address=127.0.0.1", f"--secure-port={self._port('scheduler')}", "--leader-elect=false")

    def start_node(self, name, architecture="amd64", **timing):
        """Another one. timing: options of node.py, in seconds; `crash_backoff` stands for
        --crash-backoff."""
        self._nodes[name] = [f"--architecture={architecture}", *_options(timing)]
        self._launch_node(name)
        self._wait_node(name)

    def stop_node(self, name):
        """Its machine is off: nobody writes of its pods any more."""
        self._processes[name].kill()

    def restart_node(self, name="node-0"):
        """It has nothing pulled, and starts its containers again."""
        self.stop_node(name)
        self._launch_node(name)

    def _launch_node(self, name):
        certificate, key = self.authority.issue(name, f"/O=system:nodes/CN=system:node:{name}")
        self._launch(name, "python3", "-B", "-u", NODE, f"--server=127.0.0.1:{self.api_port}",
                     f"--ca={self.authority.certificate}", f"--certificate={certificate}", f"--key={key}",
                     f"--name={name}", *([f"--mirror={self.mirror}"] if self.mirror else []), *self._nodes[name])

    def _wait_node(self, name):
        """Until pods are bound to it."""

        def is_open():
            node = self.find("node", name)
            return node is not None and not node["spec"].get("taints")

        self._processes[name].wait_ready(is_open, 60)

    def say_node(self, behaviour, name="node-0"):
        """From now on every container there behaves so; None: as its image says."""
        self.patch("node", name, {"metadata": {"annotations": {BEHAVIOUR: behaviour}}}, namespace=None)

    def _is_healthy(self, port, tls=True, path="/healthz"):
        connection = (http.client.HTTPSConnection("127.0.0.1", port, timeout=5,
                                                  context=ssl._create_unverified_context())
                      if tls else http.client.HTTPConnection("127.0.0.1", port, timeout=5))
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    # What is stored.

    def save_state(self, name):
        """Keeps what is stored at this moment, as a copy of etcd's folder. Nobody notices but by a
        short pause: what a stopped etcd has written is what one that was killed would leave."""
        etcd = self._processes["etcd"]
        etcd.signal(signal.SIGSTOP)
        try:
            shutil.copytree(self.folder / "etcd", self.folder / f"etcd.{name}")
        finally:
            etcd.signal(signal.SIGCONT)

    def restore_state(self, name):
        """Sets the store back to it, as an administrator would: with everything stopped that might
        remember what came after, but for the nodes, and started again."""
        for process in ("scheduler", "manager", "api", "etcd"):
            self._processes[process].kill()
        shutil.rmtree(self.folder / "etcd")
        shutil.copytree(self.folder / f"etcd.{name}", self.folder / "etcd")
        self.start_etcd()
        self.start_api_server()
        self._launch_manager()
        self._launch_scheduler()

    def asked(self, agent, verb=None):
        """What programs with that user agent (its beginning) have asked of the API server, as lines of
        its audit: verb, requestURI, responseStatus, user, and so on. A watch counts from its start."""
        with open(self.folder / "audit.log") as lines:
            written = [json.loads(line) for line in lines if line.endswith("\n")]
        return [line for line in written
                if line.get("userAgent", "").startswith(agent) and verb in (None, line["verb"])
                and (line["stage"] == "ResponseStarted") == (line["verb"] == "watch")]

    def compact(self):
        """Lets etcd forget every state but the present one. The API server has its own memory of the
        last minutes: only when it was restarted too, who asks for an older state is told 410."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port("etcd"), timeout=10)
        try:
            for path, body in (("/v3/kv/range", {"key": "AA=="}), ("/v3/kv/compaction", None)):
                connection.request("POST", path, json.dumps(body or {"revision": revision, "physical": True}))
                response = connection.getresponse()
                text = response.read()
                if response.status != 200:
                    raise AssertionError(f"etcd, {path}: {text}")
                revision = json.loads(text)["header"]["revision"]
        finally:
            connection.close()

    def diagnostics(self):
        """For a failed test: the ends of the logs, and what became of pods."""
        parts = [f"--- {name}\n{process.tail(15)}" for name, process in self._processes.items()]
        try:
            parts.append(self.kubectl("get", "pods,events", "--all-namespaces",
                                      "--sort-by=.metadata.creationTimestamp"))
        except (AssertionError, subprocess.SubprocessError) as error:
            parts.append(str(error))
        return "\n".join(parts)


def _options(timing):
    return [f"--{key.replace('_', '-')}={value}" for key, value in timing.items()]


class KubeCase(Case):
    """A test with a cluster, which all tests of its file share, and a namespace of its own in it.

    What a node has pulled stays, and the port of a registry that is gone may be another's soon: a
    test that pushes puts the namespace, which is nobody else's, into the repository's name.
    """

    components = ("kube", "openssl", "skopeo")
    _shared = {}  # module -> Cluster

    def setUp(self):
        super().setUp()
        self.cluster = self._cluster()
        self.shown.append(self.cluster)
        self.space = self.cluster.namespace()

    def another_cluster(self):
        """A second one, for this test alone."""
        cluster = Cluster(self.folder / f"cluster{len(self.shown)}")
        self.addCleanup(cluster.close)
        self.shown.append(cluster)
        return cluster.start()

    @classmethod
    def _cluster(cls):
        module = cls.__module__
        if module not in KubeCase._shared:
            folder = pathlib.Path(tempfile.mkdtemp(prefix="longshore-kube-"))
            cluster = KubeCase._shared[module] = Cluster(folder)
            unittest.addModuleCleanup(KubeCase._end, module)
            try:
                cluster.start()
            except BaseException:
                KubeCase._end(module)
                raise
        return KubeCase._shared[module]

    @staticmethod
    def _end(module):
        if cluster := KubeCase._shared.pop(module, None):
            cluster.close()
