// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/api.h"

#include <atomic>
#include <future>
#include <vector>

#include <catch2/catch.hpp>

#include "pipeline/crypto.h"
#include "tests/sinks/kubernetes/access_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/http_stub.h"
#include "tests/support/manual_clock.h"

using namespace longshore;
using namespace longshore::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

struct Fixture {
  TempFolder folder;
  ManualClock clock;
  HttpClient client;
  KubernetesTargetOptions options;

  Fixture() { options.deadline = 60s; }
  KubeApi api(const std::string& kubeconfig) {
    options.kubeconfig = folder.write("kubeconfig", kubeconfig);
    return KubeApi(options, client, clock);
  }
  KubeApi api(const HttpStub& server, const std::string& user = "    token: one\n",
              const std::string& cluster = "") {
    return api(kubeconfig_of("    server: " + server.url("") + "\n" + cluster, user));
  }
};

KubeCall get(const std::string& path) {
  KubeCall call;
  call.path = path;
  return call;
}

StubReply say(int status, std::string body) {
  return StubReply{status, {}, std::move(body)};
}

StubReply streamed(std::function<bool(const StubReply::Send&)> write) {
  StubReply reply;
  reply.stream = std::move(write);
  return reply;
}

const auto kIgnore = [](std::string_view) { return true; };

}  // namespace

TEST_CASE("KubeApi sends what it is given, as who it is", "[sinks][kubernetes]") {
  HttpStub server([](const StubRequest& request) { return say(200, request.target); });
  Fixture fixture;
  auto api = fixture.api(server);
  CHECK(api.server().empty());
  REQUIRE(api.check());
  CHECK(api.server() == server.url(""));
  CHECK(server.requests().empty());
  KubeCall call = get("/apis/apps/v1/deployments?limit=500");
  CHECK(api.call(call)->body == "/apis/apps/v1/deployments?limit=500");
  CHECK(server.requests().back().field("Authorization") == "Bearer one");
  CHECK(server.requests().back().field("Accept") == "application/json");
  CHECK(server.requests().back().field("Content-Type").empty());
  call.method = "PATCH";
  call.body = "[]";
  call.content_type = "application/json-patch+json";
  CHECK(api.call(call)->status == 200);
  CHECK(server.requests().back().method == "PATCH");
  CHECK(server.requests().back().body == "[]");
  CHECK(server.requests().back().field("Content-Type") == "application/json-patch+json");
  auto basic = fixture.api(server, "    username: me\n    password: pw\n");
  CHECK(basic.call(call));
  CHECK(server.requests().back().field("Authorization") == "Basic " + to_base64("me:pw"));
  auto nobody = fixture.api(server, "    {}\n");
  CHECK(nobody.call(call));
  CHECK(server.requests().back().field("Authorization").empty());
}

TEST_CASE("KubeApi keeps the path that the server's URL has", "[sinks][kubernetes]") {
  HttpStub server([](const StubRequest& request) { return say(200, request.target); });
  Fixture fixture;
  auto api = fixture.api(
      kubeconfig_of("    server: " + server.url("/k8s/clusters/c-1/") + "\n", "    token: one\n"));
  CHECK(api.call(get("/version"))->body == "/k8s/clusters/c-1/version");
}

TEST_CASE("KubeApi knows its server by the authority, and shows its certificate",
          "[sinks][kubernetes]") {
  const StubCertificate certificate;
  const StubCertificate another;
  HttpStub server([](const StubRequest&) { return say(200, "known"); }, &certificate,
                  HttpStub::Client::with_certificate);
  Fixture fixture;
  const std::string user = "    client-certificate: " + certificate.certificate().string() +
                           "\n    client-key: " + certificate.key().string() + "\n";
  const std::string trusted =
      "    certificate-authority-data: " + to_base64(text_of(certificate.certificate())) + "\n";
  CHECK(fixture.api(server, user, trusted).call(get("/"))->body == "known");
  CHECK(fixture.api(server, user, trusted + "    tls-server-name: localhost\n")
            .call(get("/"))
            ->body == "known");
  CHECK(fixture.api(server, user, "    insecure-skip-tls-verify: true\n").call(get("/"))->body ==
        "known");
  const auto code = [&](const std::string& its_user, const std::string& cluster) {
    auto api = fixture.api(server, its_user, cluster);
    const auto answer = api.call(get("/"));
    return answer ? std::nullopt : std::optional(answer.error().code);
  };
  CHECK(code("    token: one\n", trusted) == Errc::unavailable);
  CHECK(code(user, "") == Errc::unavailable);
  CHECK(code(user, "    certificate-authority: " + another.certificate().string() + "\n") ==
        Errc::unavailable);
  CHECK(code(user, trusted + "    tls-server-name: another.example\n") == Errc::unavailable);
}

TEST_CASE("KubeApi asks for other credentials once where they are refused", "[sinks][kubernetes]") {
  HttpStub server([](const StubRequest& request) {
    if (request.field("Authorization") != "Bearer two") return say(401, "no");
    return say(200, "line\n");
  });
  Fixture fixture;
  const bool is_stream = GENERATE(false, true);
  std::string lines;
  const auto ask = [&](KubeApi& api) {
    const auto keep = [&](std::string_view line) {
      lines += line;
      return true;
    };
    const auto answer = is_stream ? api.stream(get("/"), keep) : api.call(get("/"));
    REQUIRE(answer);
    return *answer;
  };
  SECTION("a token that was rotated") {
    fixture.folder.write("token", "one");
    auto api = fixture.api(server, "    tokenFile: token\n");
    REQUIRE(api.check());
    fixture.folder.write("token", "two");
    CHECK(ask(api).status == 200);
    CHECK(lines == (is_stream ? "line" : ""));
    CHECK(server.requests().size() == 2);
  }
  SECTION("a plugin's") {
    write_script(fixture.folder, "plugin", "cd " + fixture.folder.path().string() + R"sh(
echo x >> runs
test "$(wc -l < runs)" = 1 && token=one || token=two
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",'
echo '"status":{"token":"'$token'"}}'
)sh");
    auto api = fixture.api(server,
                           "    exec: {apiVersion: client.authentication.k8s.io/v1, "
                           "command: ./plugin}\n");
    REQUIRE(api.check());
    CHECK(ask(api).status == 200);
    CHECK(fixture.folder.read("runs") == "x\nx\n");
    CHECK(ask(api).status == 200);
    CHECK(fixture.folder.read("runs") == "x\nx\n");
  }
  SECTION("and gives the answer where there are none") {
    auto api = fixture.api(server);
    const KubeAnswer answer = ask(api);
    CHECK(answer.status == 401);
    CHECK(answer.body == "no");
    CHECK(lines.empty());
    CHECK(server.requests().size() == 1);
  }
}

TEST_CASE("KubeApi says how long the server asks to wait", "[sinks][kubernetes]") {
  HttpStub server([](const StubRequest& request) {
    StubReply reply{request.path() == "/429" ? 429 : request.path() == "/503" ? 503 : 200};
    reply.fields = {{"Retry-After", "7"}};
    return reply;
  });
  Fixture fixture;
  auto api = fixture.api(server);
  CHECK(api.call(get("/429"))->retry_after == 7s);
  CHECK(api.call(get("/503"))->retry_after == 7s);
  CHECK_FALSE(api.call(get("/200"))->retry_after);
  CHECK(api.stream(get("/429"), kIgnore)->retry_after == 7s);
}

TEST_CASE("KubeApi gives up at a deadline, when stopped, and where nobody is",
          "[sinks][kubernetes]") {
  HttpStub server([](const StubRequest&) {
    StubReply silent;
    silent.way = StubReply::Way::silent;
    return silent;
  });
  Fixture fixture;
  auto api = fixture.api(server);
  KubeCall call = get("/?token=hidden");
  call.timeout = 50ms;
  CHECK(api.call(call).error().code == Errc::unavailable);
  CHECK(api.stream(call, kIgnore).error().code == Errc::unavailable);
  CHECK_THAT(api.call(call).error().message, !Contains("hidden"));
  fixture.options.deadline = 50ms;
  auto hasty = fixture.api(server);
  CHECK(hasty.call(get("/")).error().code == Errc::unavailable);
  std::stop_source stop;
  const std::size_t before = server.requests().size();
  auto stopped = std::async(std::launch::async,
                            [&] { return api.stream(get("/"), kIgnore, stop.get_token()); });
  CHECK(eventually([&] { return server.requests().size() > before; }));
  stop.request_stop();
  CHECK(stopped.get().error().code == Errc::unavailable);
  auto broken = fixture.api("kind: Config\n");
  CHECK(broken.check().error().code == Errc::invalid_input);
  CHECK(broken.call(get("/")).error().code == Errc::invalid_input);
  CHECK(broken.stream(get("/"), kIgnore).error().code == Errc::invalid_input);
}

TEST_CASE("KubeApi gives a stream's lines as they come", "[sinks][kubernetes]") {
  const std::string text = "{\"a\":1}\n{\"b\":\"two\"}\n\n{\"c\":3}\n{\"half\":";
  const std::size_t size = GENERATE(1U, 2U, 3U, 7U, 100U);
  HttpStub server([&](const StubRequest&) {
    return streamed([&](const StubReply::Send& send) {
      for (std::size_t at = 0; at < text.size(); at += size)
        send(text.substr(at, size));
      return true;
    });
  });
  Fixture fixture;
  auto api = fixture.api(server);
  std::vector<std::string> lines;
  const auto answer = api.stream(get("/watch"), [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  });
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body.empty());
  CHECK(lines == std::vector<std::string>{"{\"a\":1}", "{\"b\":\"two\"}", "{\"c\":3}"});
  int calls = 0;
  CHECK(api.stream(get("/watch"), [&](std::string_view) { return ++calls < 2; })->status == 200);
  CHECK(calls == 2);
}

TEST_CASE("KubeApi gives the first line before the second is sent", "[sinks][kubernetes]") {
  std::promise<void> first;
  HttpStub server([&](const StubRequest&) {
    return streamed([&](const StubReply::Send& send) {
      send("one\n");
      first.get_future().wait();
      return send("two\n");
    });
  });
  Fixture fixture;
  auto api = fixture.api(server);
  std::string read;
  CHECK(api.stream(get("/"), [&](std::string_view line) {
    if (read.empty()) first.set_value();
    read += line;
    return true;
  }));
  CHECK(read == "onetwo");
}

TEST_CASE("KubeApi tells a cut stream, a refused one and one without lines apart",
          "[sinks][kubernetes]") {
  constexpr std::size_t kMiB = 1U << 20;
  std::atomic<std::size_t> sent = 0;
  HttpStub server([&](const StubRequest& request) {
    if (request.path() == "/gone") return say(410, "too old");
    if (request.path() == "/large") return say(500, std::string(3 * kMiB, 'x'));
    if (request.path() == "/cut") {
      return streamed([](const StubReply::Send& send) { return send("one\ntw") && false; });
    }
    return streamed([&](const StubReply::Send& send) {
      while (send(std::string(65'536, 'x')))
        sent += 65'536;
      return false;
    });
  });
  Fixture fixture;
  auto api = fixture.api(server);
  std::string read;
  const auto keep = [&](std::string_view line) {
    read += line;
    return true;
  };
  const auto gone = api.stream(get("/gone"), keep);
  REQUIRE(gone);
  CHECK(gone->status == 410);
  CHECK(gone->body == "too old");
  CHECK(api.stream(get("/large"), keep)->body.size() == kMiB);
  CHECK(read.empty());
  CHECK(api.stream(get("/cut"), keep).error().code == Errc::unavailable);
  CHECK(read == "one");
  const auto endless = api.stream(get("/endless?token=hidden"), keep);
  REQUIRE_FALSE(endless);
  CHECK(endless.error().code == Errc::unsupported);
  CHECK_THAT(endless.error().message, Contains("8 MiB") && !Contains("hidden"));
  CHECK(sent >= 8 * kMiB);
  CHECK(sent < 48 * kMiB);  // with what waits here and in the kernel
  CHECK(read == "one");
}

TEST_CASE("A slow reader of lines slows the API server down", "[sinks][kubernetes]") {
  constexpr std::size_t kLines = 2'000;
  const std::string line(65'535, 'x');
  std::atomic<std::size_t> sent = 0;
  HttpStub server([&](const StubRequest&) {
    return streamed([&](const StubReply::Send& send) {
      while (sent < kLines && send(line + '\n'))
        ++sent;
      return sent == kLines;
    });
  });
  Fixture fixture;
  auto api = fixture.api(server);
  std::size_t read = 0;
  const auto answer = api.stream(get("/"), [&](std::string_view its_line) {
    // What the kernel keeps for both sides is much less than half of it.
    if (read == 0) CHECK_FALSE(eventually([&] { return sent > kLines / 2; }, 500ms));
    read += its_line == line;
    return true;
  });
  CHECK(answer);
  CHECK(read == kLines);
}

TEST_CASE("kube_error says what the server says, by what one can do about it",
          "[sinks][kubernetes]") {
  const auto error = [](int status, std::string body) {
    return kube_error(KubeAnswer{status, std::move(body), {}});
  };
  const std::string forbidden = R"({"kind":"Status","apiVersion":"v1","status":"Failure",)"
                                R"("message":"deployments.apps is forbidden: User \"a\"\ncannot",)"
                                R"("reason":"Forbidden","code":403})";
  CHECK(error(403, forbidden).message == "deployments.apps is forbidden: User \"a\" cannot");
  CHECK(error(403, forbidden).code == Errc::unauthorized);
  CHECK(error(401, "").code == Errc::unauthorized);
  CHECK(error(404, "{}").code == Errc::not_found);
  CHECK(error(409, "{}").code == Errc::conflict);
  CHECK(error(422, "{}").code == Errc::conflict);
  CHECK(error(429, "{}").code == Errc::busy);
  CHECK(error(408, "{}").code == Errc::unavailable);
  CHECK(error(500, "{}").code == Errc::unavailable);
  CHECK(error(504, "{}").code == Errc::unavailable);
  CHECK(error(400, "{}").code == Errc::invalid_input);
  CHECK(error(410, "{}").code == Errc::invalid_input);
  CHECK(error(302, "{}").code == Errc::invalid_input);
  for (const std::string odd : {"", "<html>", "[]", "{\"message\":7}", "{\"message\":null}"})
    CHECK(error(502, odd).message == "the API server answered with status 502");
  const std::string long_one = R"({"message":"a)";
  std::string accents;
  for (int i = 0; i < 2'000; ++i)
    accents += "\xc3\xa9";
  CHECK(error(500, long_one + accents + "\"}").message == "a" + accents.substr(0, 1'022));
}
