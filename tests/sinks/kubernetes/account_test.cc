// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/account.h"

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "pipeline/crypto.h"
#include "tests/sinks/kubernetes/access_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/manual_clock.h"

using namespace longshore;
using namespace longshore::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

const std::string kPem = "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n";
const std::string kServer = "    server: https://10.0.0.1:6443\n";

std::string plugin_user(const std::string& more = "") {
  return "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: ./plugin\n" +
         more;
}

struct Fixture {
  TempFolder folder;
  ManualClock clock;
  KubernetesTargetOptions options;

  KubeAccount account(const std::string& kubeconfig) {
    options.kubeconfig = folder.write("kubeconfig", kubeconfig);
    return KubeAccount(options, folder / "pod", clock);
  }
  // A plugin that counts how often it runs and then runs these lines.
  void plugin(const std::string& lines) const {
    write_script(folder, "plugin", "cd " + folder.path().string() + "\necho x >> runs\n" + lines);
  }
  // One that gives `status`.
  void give(const std::string& status) const {
    plugin("cat answer\n");
    folder.write("answer",
                 R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
                 R"("status":{)" +
                     status + "}}");
  }
  std::size_t runs() const { return folder.read("runs").size() / 2; }
};

Result<KubeLogin> login(KubeAccount& account) {
  return account.login(std::chrono::steady_clock::now() + 60s, {});
}

std::string authorization(KubeAccount& account) {
  const auto found = login(account);
  return found ? found->authorization : "error: " + found.error().message;
}

}  // namespace

TEST_CASE("The service account of a pod is enough", "[sinks][kubernetes]") {
  Fixture fixture;
  fixture.folder.write("pod/token", "one\n");
  fixture.folder.write("pod/ca.crt", kPem);
  KubeAccount account(fixture.options, fixture.folder / "pod", fixture.clock);
  SECTION("with the server of the environment") {
    const Variable host("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    const Variable port("KUBERNETES_SERVICE_PORT", "443");
    CHECK(account.server().empty());
    const auto found = login(account);
    REQUIRE(found);
    CHECK(found->server == "https://10.0.0.1:443");
    CHECK(found->tls.authority == kPem);
    CHECK(found->authorization == "Bearer one");
    CHECK(account.server() == "https://10.0.0.1:443");
  }
  SECTION("with an address of IPv6") {
    const Variable host("KUBERNETES_SERVICE_HOST", "fd00::1");
    const Variable port("KUBERNETES_SERVICE_PORT", "443");
    CHECK(login(account)->server == "https://[fd00::1]:443");
  }
  SECTION("else it says what is missing") {
    const Variable port("KUBERNETES_SERVICE_PORT", "443");
    const Variable none("KUBERNETES_SERVICE_HOST", "");
    CHECK_THAT(authorization(account), Contains("'kubeconfig'"));
    const Variable host("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    std::filesystem::remove(fixture.folder / "pod/ca.crt");
    CHECK_THAT(authorization(account), Contains("ca.crt"));
    std::filesystem::remove(fixture.folder / "pod/token");
    CHECK_THAT(authorization(account), Contains("automountServiceAccountToken"));
    CHECK(login(account).error().code == Errc::invalid_input);
  }
}

TEST_CASE("A token that was rotated is read again", "[sinks][kubernetes]") {
  Fixture fixture;
  fixture.folder.write("token", "one");
  auto account = fixture.account(kubeconfig_of(kServer, "    tokenFile: token\n"));
  CHECK(authorization(account) == "Bearer one");
  SECTION("as a volume does it, by another file of that name") {
    fixture.folder.write("token.new", "two");
    std::filesystem::rename(fixture.folder / "token.new", fixture.folder / "token");
    CHECK(authorization(account) == "Bearer one");  // files are looked at once a second
    fixture.clock.advance(1s);
    CHECK(authorization(account) == "Bearer two");
  }
  SECTION("at once where the old one is refused") {
    const auto old = login(account);
    fixture.folder.write("token", "two");
    account.refuse(*old);
    CHECK(authorization(account) == "Bearer two");
    // Whoever is refused with the old one after that asks for nothing anew.
    fixture.folder.write("token", "three");
    account.refuse(*old);
    CHECK(authorization(account) == "Bearer two");
  }
  SECTION("and while it is not there, that may pass") {
    std::filesystem::remove(fixture.folder / "token");
    fixture.clock.advance(1s);
    CHECK(login(account).error().code == Errc::unavailable);
    fixture.folder.write("token", "two");
    CHECK(authorization(account) == "Bearer two");
  }
  SECTION("with the kubeconfig itself") {
    fixture.folder.write("kubeconfig", kubeconfig_of(kServer, "    token: of its own\n"));
    fixture.clock.advance(1s);
    CHECK(authorization(account) == "Bearer of its own");
  }
}

TEST_CASE("An exec plugin is asked again when its credentials expire", "[sinks][kubernetes]") {
  Fixture fixture;
  auto account = fixture.account(kubeconfig_of(kServer, plugin_user()));
  fixture.give(R"("token":"one","expirationTimestamp":"2026-03-01T12:01:00Z")");
  CHECK(authorization(account) == "Bearer one");
  CHECK(authorization(account) == "Bearer one");
  CHECK(fixture.runs() == 1);
  fixture.give(R"("token":"two")");
  fixture.clock.advance(59s);
  CHECK(authorization(account) == "Bearer one");
  fixture.clock.advance(1s);
  CHECK(authorization(account) == "Bearer two");
  fixture.clock.advance(24h);
  CHECK(authorization(account) == "Bearer two");
  CHECK(fixture.runs() == 2);
  SECTION("or are refused") {
    const auto refused = login(account);
    fixture.give(R"("token":"three")");
    account.refuse(*refused);
    account.refuse(*refused);
    CHECK(authorization(account) == "Bearer three");
    account.refuse(*refused);
    CHECK(authorization(account) == "Bearer three");
    CHECK(fixture.runs() == 3);
  }
  SECTION("or the kubeconfig says something else") {
    fixture.folder.write("kubeconfig", kubeconfig_of(kServer, plugin_user("      args: [a]\n")));
    fixture.clock.advance(1s);
    CHECK(authorization(account) == "Bearer two");
    CHECK(fixture.runs() == 3);
  }
}

TEST_CASE("An exec plugin gives a certificate", "[sinks][kubernetes]") {
  Fixture fixture;
  auto account = fixture.account(kubeconfig_of(kServer, plugin_user()));
  fixture.give(R"("clientCertificateData":"certificate\n","clientKeyData":"key\n")");
  const auto found = login(account);
  REQUIRE(found);
  CHECK(found->tls.certificate == "certificate\n");
  CHECK(found->tls.key == "key\n");
  CHECK(found->authorization.empty());
}

TEST_CASE("An exec plugin is told what it may know", "[sinks][kubernetes]") {
  Fixture fixture;
  fixture.give(R"("token":"$hidden")");
  fixture.plugin(
      "cat > input\nprintf '%s' \"$KUBERNETES_EXEC_INFO\" > info\n"
      "printf '%s' \"$PROFILE $1\" > given\ncat answer\n");
  const std::string given = "      env: [{name: PROFILE, value: shop}]\n      args: ['a b;$c']\n";
  const Variable profile("PROFILE", "of the environment");
  auto account = fixture.account(kubeconfig_of(kServer, plugin_user(given)));
  CHECK(authorization(account) == "Bearer $hidden");
  CHECK(fixture.folder.read("given") == "shop a b;$c");
  CHECK(fixture.folder.read("input").empty());
  CHECK(fixture.folder.read("info") ==
        R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
        R"("spec":{"interactive":false}})");
  auto told = fixture.account(kubeconfig_of(
      kServer + "    tls-server-name: k\n    certificate-authority-data: " + to_base64(kPem) + "\n",
      plugin_user(given + "      provideClusterInfo: true\n")));
  CHECK(authorization(told) == "Bearer $hidden");
  CHECK(fixture.folder.read("info") ==
        R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
        R"("spec":{"cluster":{"certificate-authority-data":")" +
            to_base64(kPem) +
            R"(","server":"https://10.0.0.1:6443","tls-server-name":"k"},"interactive":false}})");
}

TEST_CASE("An exec plugin that fails is told of without what it said", "[sinks][kubernetes]") {
  Fixture fixture;
  auto account = fixture.account(
      kubeconfig_of(kServer, plugin_user("      installHint: get it from the vault\n")));
  const auto fault = [&] {
    const auto found = login(account);
    REQUIRE_FALSE(found);
    CHECK_THAT(found.error().message, Contains("plugin") && !Contains("hidden"));
    return found.error();
  };
  CHECK(fault().code == Errc::invalid_input);
  CHECK_THAT(fault().message, Contains("get it from the vault"));
  fixture.plugin("echo hidden; echo hidden >&2; exit 1\n");
  CHECK(fault().code == Errc::unavailable);
  fixture.plugin("echo hidden\n");
  CHECK_THAT(fault().message, Contains("no ExecCredential"));
  fixture.give("");
  CHECK_THAT(fault().message, Contains("neither a token nor a certificate"));
  fixture.give(R"("clientKeyData":"hidden")");
  CHECK_THAT(fault().message, Contains("without its certificate"));
  fixture.give(R"("token":"hidden","expirationTimestamp":"hidden")");
  CHECK(fault().code == Errc::unavailable);
  fixture.folder.write("answer", R"({"apiVersion":"client.authentication.k8s.io/v1beta1",)"
                                 R"("kind":"ExecCredential","status":{"token":"hidden"}})");
  CHECK_THAT(fault().message, Contains("another version"));
  fixture.plugin("yes hidden\n");
  CHECK(fault().code == Errc::unavailable);
  fixture.give(R"("token":"good")");
  CHECK(authorization(account) == "Bearer good");
}

TEST_CASE("An exec plugin that hangs holds nobody up for longer than a deadline",
          "[sinks][kubernetes]") {
  Fixture fixture;
  auto account = fixture.account(kubeconfig_of(kServer, plugin_user()));
  fixture.plugin("sleep 1000\n");
  const auto late = account.login(std::chrono::steady_clock::now() + 200ms, {});
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Errc::unavailable);
  std::stop_source stop;
  const std::size_t before = fixture.runs();
  auto stopped = std::async(std::launch::async, [&] {
    return account.login(std::chrono::steady_clock::now() + 90s, stop.get_token());
  });
  CHECK(eventually([&] { return fixture.runs() > before; }));
  // Another one waits for what the first is told, and not for longer than it may.
  const auto waited = account.login(std::chrono::steady_clock::now() + 50ms, {});
  CHECK(waited.error().code == Errc::unavailable);
  stop.request_stop();
  CHECK(stopped.get().error().code == Errc::unavailable);
  CHECK(fixture.runs() == before + 1);
}

TEST_CASE("An exec plugin is asked once by all who wait", "[sinks][kubernetes]") {
  Fixture fixture;
  fixture.give(R"("token":"one")");
  auto account = fixture.account(kubeconfig_of(kServer, plugin_user()));
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { right += authorization(account) == "Bearer one"; });
  for (std::thread& thread : threads)
    thread.join();
  CHECK(right == 8);
  CHECK(fixture.runs() == 1);
}
