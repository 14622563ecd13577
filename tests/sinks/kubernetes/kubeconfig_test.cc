// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/kubeconfig.h"

#include <catch2/catch.hpp>

#include "pipeline/crypto.h"
#include "tests/sinks/kubernetes/access_fixture.h"

using namespace longshore;
using namespace longshore::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const std::string kPem = "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n";
const std::string kServer = "    server: https://10.0.0.1:6443\n";

struct Fixture {
  TempFolder folder;

  Result<KubeAccess> read(const std::string& text, const std::string& context = "") const {
    return read_kubeconfig(folder.write("conf/kubeconfig", text), context);
  }
  // What is wrong with it; empty: nothing.
  std::string fault(const std::string& text, const std::string& context = "") const {
    const auto access = read(text, context);
    if (access) return "";
    CHECK(access.error().code == Errc::invalid_input);
    CHECK_THAT(access.error().message, Contains("kubeconfig") && !Contains("hidden"));
    return access.error().message;
  }
  std::string fault_of_user(const std::string& user) const {
    return fault(kubeconfig_of(kServer, user));
  }
  std::string fault_of_cluster(const std::string& cluster) const {
    return fault(kubeconfig_of(cluster, "    token: hidden\n"));
  }
};

}  // namespace

TEST_CASE("A kubeconfig gives the server, its authority and a certificate as data",
          "[sinks][kubernetes]") {
  const Fixture fixture;
  const std::string data = to_base64(kPem);
  const auto access = fixture.read(kubeconfig_of(
      "    server: https://10.0.0.1:6443/prefix/\n    tls-server-name: kubernetes\n"
      "    certificate-authority-data: " +
          data + "\n    certificate-authority: absent.pem\n",
      "    client-certificate-data: |\n      " + data.substr(0, 20) + "\n      " + data.substr(20) +
          "\n    client-key-data: " + to_base64(kPem + "key") + "\n"));
  REQUIRE(access);
  CHECK(access->login.server == "https://10.0.0.1:6443/prefix");
  CHECK(access->login.tls.authority == kPem);
  CHECK(access->login.tls.server_name == "kubernetes");
  CHECK(access->login.tls.server == TlsText::Server::verified);
  CHECK(access->login.tls.certificate == kPem);
  CHECK(access->login.tls.key == kPem + "key");
  CHECK(access->login.authorization.empty());
  CHECK(access->files.size() == 1);
}

TEST_CASE("A kubeconfig's paths are relative to its folder", "[sinks][kubernetes]") {
  const Fixture fixture;
  fixture.folder.write("conf/ca.pem", kPem + "authority");
  fixture.folder.write("pki/me.pem", kPem);
  fixture.folder.write("pki/me.key", kPem + "key");
  const auto access =
      fixture.read(kubeconfig_of(kServer + "    certificate-authority: ca.pem\n",
                                 "    client-certificate: ../pki/me.pem\n    client-key: " +
                                     (fixture.folder / "pki/me.key").string() + "\n"));
  REQUIRE(access);
  CHECK(access->login.tls.authority == kPem + "authority");
  CHECK(access->login.tls.certificate == kPem);
  CHECK(access->login.tls.key == kPem + "key");
  CHECK(access->files.size() == 4);
}

TEST_CASE("A kubeconfig gives tokens, names with passwords, or nobody", "[sinks][kubernetes]") {
  const Fixture fixture;
  fixture.folder.write("conf/token", " from-file\n");
  const auto authorization = [&](const std::string& user) {
    const auto access = fixture.read(kubeconfig_of(kServer, user));
    REQUIRE(access);
    return access->login.authorization;
  };
  CHECK(authorization("    token: abc\n") == "Bearer abc");
  CHECK(authorization("    tokenFile: token\n    token: old\n") == "Bearer from-file");
  CHECK(authorization("    username: me\n    password: 'p:w'\n") == "Basic " + to_base64("me:p:w"));
  CHECK(authorization("    {}\n").empty());
  CHECK(authorization("    token: \"\"\n").empty());
}

TEST_CASE("A kubeconfig's context is chosen by name", "[sinks][kubernetes]") {
  const Fixture fixture;
  const std::string text =
      R"({"current-context": "a", "contexts": [
      {"name": "a", "context": {"cluster": "one", "user": "x"}},
      {"name": "b", "context": {"cluster": "two"}},
      {"name": "c", "context": {"cluster": "three", "user": "x"}},
      {"name": "d", "context": {"cluster": "one", "user": "y"}}],
    "clusters": [{"name": "one", "cluster": {"server": "https://one"}},
                 {"name": "two", "cluster": {"server": "http://two:8080"}}],
    "users": [{"name": "x", "user": {"token": "hidden"}}]})";
  CHECK(fixture.read(text)->login.server == "https://one");
  CHECK(fixture.read(text, "a")->login.authorization == "Bearer hidden");
  CHECK(fixture.read(text, "b")->login.server == "http://two:8080");
  CHECK(fixture.read(text, "b")->login.authorization.empty());
  CHECK_THAT(fixture.fault(text, "nope"), Contains("'nope'") && Contains("'a', 'b', 'c', 'd'"));
  CHECK_THAT(fixture.fault(text, "c"), Contains("no cluster 'three'") && Contains("'one', 'two'"));
  CHECK_THAT(fixture.fault(text, "d"), Contains("no user 'y'") && Contains("'x'"));
  CHECK_THAT(fixture.fault("kind: Config"), Contains("current-context"));
  CHECK_THAT(fixture.fault("current-context: a"), Contains("contexts, which are none"));
}

TEST_CASE("A kubeconfig's exec plugin is read, not run", "[sinks][kubernetes]") {
  const Fixture fixture;
  const auto access = fixture.read(kubeconfig_of(kServer, R"(    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: bin/plugin
      args: [get-token, --cluster, 7]
      env: [{name: PROFILE, value: shop}, {name: EMPTY}]
      interactiveMode: IfAvailable
      provideClusterInfo: true
      installHint: |
        Install it.
)"));
  REQUIRE(access);
  REQUIRE(access->plugin);
  const ExecPlugin& plugin = *access->plugin;
  CHECK(plugin.api_version == "client.authentication.k8s.io/v1beta1");
  CHECK(plugin.command == std::vector<std::string>{(fixture.folder / "conf/bin/plugin").string(),
                                                   "get-token", "--cluster", "7"});
  using Variables = std::vector<std::pair<std::string, std::string>>;
  CHECK(plugin.environment == Variables{{"PROFILE", "shop"}, {"EMPTY", ""}});
  CHECK(plugin.cluster == ExecPlugin::Cluster::told);
  CHECK(plugin.install_hint == "Install it.");
  const auto other = fixture.read(kubeconfig_of(
      kServer,
      "    exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, env: null}\n"));
  REQUIRE(other);
  CHECK(other->plugin->command == std::vector<std::string>{"aws"});
  CHECK(other->plugin->cluster == ExecPlugin::Cluster::untold);
}

TEST_CASE("A kubeconfig's cluster may have something for plugins", "[sinks][kubernetes]") {
  const Fixture fixture;
  const auto config = [&](const std::string& extension, const std::string& more = "") {
    const auto access = fixture.read(kubeconfig_of(
        kServer +
            "    extensions:\n    - name: client.authentication.k8s.io/exec\n      extension: " +
            extension + "\n    - {name: other, extension: {a: b}}\n",
        "    exec: {apiVersion: client.authentication.k8s.io/v1, command: a" + more + "}\n"));
    return access ? access->plugin->config : "error: " + access.error().message;
  };
  const std::string told = ", provideClusterInfo: true";
  CHECK(config("{a: 1, b: '1', c: [true, ~, -2.5, 1.2.3, 01, text], d: {}}", told) ==
        R"({"a":1,"b":"1","c":[true,null,-2.5,"1.2.3","01","text"],"d":{}})");
  CHECK(config("{a: 1}").empty());
  CHECK_THAT(config("&a [*a]", told), Contains("extension"));
  std::string bomb = "[&a0 [x, x, x, x, x, x, x, x]";
  for (int i = 1; i < 10; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    bomb += ", &a" + std::to_string(i) + " [" + alias;
    for (int j = 1; j < 8; ++j)
      bomb += ", " + alias;
    bomb += "]";
  }
  CHECK_THAT(config(bomb + "]", told), Contains("extension is too large"));
}

TEST_CASE("A kubeconfig that cannot be used says what to do", "[sinks][kubernetes]") {
  const Fixture fixture;
  CHECK_THAT(read_kubeconfig(fixture.folder / "absent", "").error().message,
             StartsWith("kubeconfig: cannot open") && Contains("absent"));
  CHECK_THAT(read_kubeconfig(fixture.folder.path(), "").error().message,
             Contains("no regular file"));
  CHECK_THAT(fixture.fault("a: [hidden\nb: c\n"), Contains("not valid YAML"));
  for (const std::string odd : {"", "hidden", "- hidden", "contexts: hidden", "contexts: [hidden]",
                                "current-context: {}", "current-context: [hidden]",
                                "{current-context: a, contexts: [{name: a, context: hidden}]}"})
    CHECK_FALSE(fixture.fault(odd).empty());
  CHECK_THAT(fixture.fault_of_cluster("    {}\n"), Contains("clusters.cluster.server"));
  CHECK_THAT(fixture.fault_of_cluster("    server: 10.0.0.1:6443\n"), Contains("https://HOST"));
  CHECK_THAT(fixture.fault_of_cluster("    server: https://a/?b=hidden\n"), Contains("query"));
  CHECK_THAT(fixture.fault_of_cluster(kServer + "    proxy-url: http://hidden@proxy\n"),
             Contains("proxy-url"));
  CHECK_THAT(fixture.fault_of_cluster(kServer + "    certificate-authority: absent.pem\n"),
             Contains("certificate-authority") && Contains("conf/absent.pem"));
  CHECK_THAT(fixture.fault_of_cluster(kServer + "    certificate-authority-data: '%hidden'\n"),
             Contains("certificate-authority-data is no base64"));
  CHECK_THAT(fixture.fault_of_cluster(kServer + "    certificate-authority-data: YQ==\n"),
             Contains("certificate-authority-data holds no PEM"));
  CHECK_THAT(fixture.fault_of_cluster(kServer + "    insecure-skip-tls-verify: 'yes'\n"),
             Contains("true or false"));
  CHECK_THAT(fixture.fault_of_cluster(kServer +
                                      "    insecure-skip-tls-verify: true\n"
                                      "    certificate-authority-data: " +
                                      to_base64(kPem) + "\n"),
             Contains("contradicts"));
}

TEST_CASE("A kubeconfig's user that cannot be used says what to do", "[sinks][kubernetes]") {
  const Fixture fixture;
  fixture.folder.write("conf/empty", "\n");
  CHECK_THAT(fixture.fault_of_user("    auth-provider: {name: gcp}\n"), Contains("exec plugin"));
  CHECK_THAT(fixture.fault_of_user("    token: hidden\n    as: admin\n"),
             Contains("users.user.as"));
  CHECK_THAT(fixture.fault_of_user("    token: hidden\n    username: me\n"),
             Contains("more than one"));
  CHECK_THAT(fixture.fault_of_user("    tokenFile: absent\n"), Contains("conf/absent"));
  CHECK_THAT(fixture.fault_of_user("    tokenFile: empty\n"), Contains("empty"));
  CHECK_THAT(fixture.fault_of_user("    client-certificate-data: " + to_base64(kPem) + "\n"),
             Contains("both a client certificate and its key"));
  CHECK_THAT(fixture.fault_of_user("    username: a:b\n"), Contains("username"));
  CHECK_THAT(fixture.fault_of_user("    token: [hidden]\n"), Contains("token has to be text"));
  const std::string exec = "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n";
  CHECK_THAT(fixture.fault_of_user(exec), Contains("exec.command"));
  CHECK_THAT(fixture.fault_of_user(exec + "      command: a\n      interactiveMode: Always\n"),
             Contains("interactiveMode is Always"));
  CHECK_THAT(fixture.fault_of_user(exec + "      command: a\n      interactiveMode: Often\n"),
             Contains("Never or IfAvailable"));
  CHECK_THAT(fixture.fault_of_user(exec + "      command: a\n      args: hidden\n"),
             Contains("args has to be a list"));
  CHECK_THAT(fixture.fault_of_user(exec + "      command: a\n      args: [{a: hidden}]\n"),
             Contains("list of texts"));
  CHECK_THAT(fixture.fault_of_user(exec + "      command: a\n      env: [{value: hidden}]\n"),
             Contains("exec.env.name"));
  CHECK_THAT(fixture.fault_of_user(
                 "    exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: a}\n"),
             Contains("v1beta1"));
}
