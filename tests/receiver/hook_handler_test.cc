// SPDX-License-Identifier: Apache-2.0
#include "receiver/hook_handler.h"

#include <catch2/catch.hpp>

#include "receiver/compose.h"
#include "tests/support/fake_intake.h"
#include "tests/support/manual_clock.h"

using namespace longshore;
using longshore::test::FakeIntake;
using longshore::test::ManualClock;
using namespace std::chrono_literals;

namespace {

const std::string kToken = "correct-horse";
const std::string kDigest = "sha256:" + std::string(64, 'a');

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// A request that owns its parts.
struct Sent {
  std::string method = "POST";
  std::string path = "/hooks/ci";
  std::string query;
  Headers headers = {{"Authorization", "Bearer " + kToken}};
  std::string body = R"({"image": "ghcr.io/acme/app:1.2"})";
  std::string address = "192.0.2.7";
};

std::shared_ptr<ReceiverOptions> some_options() {
  auto options = std::make_shared<ReceiverOptions>();
  SourceOptions ci;
  ci.name = "ci";
  ci.tokens = {kToken};
  ci.images = {"ghcr.io/acme/*"};
  options->sources.push_back(ci);

  SourceOptions registry;
  registry.name = "registry";
  registry.type = SourceType::distribution;
  registry.insecure = true;
  registry.host = "registry.example.com";
  options->sources.push_back(registry);

  SourceOptions github;
  github.name = "gh";
  github.type = SourceType::github;
  github.secrets = {"webhook-secret"};
  options->sources.push_back(github);
  return options;
}

struct Fixture {
  FakeIntake intake;
  ManualClock clock;
  std::shared_ptr<ReceiverOptions> options = some_options();
  HookHandler handler{intake, clock, options};

  HttpReply post(const Sent& sent) {
    return handler.handle(
        HttpRequest{sent.method, sent.path, sent.query, sent.headers, sent.body, sent.address});
  }
};

// An envelope of events as distribution sends them; `targets` are JSON objects.
std::string envelope(const std::vector<std::string>& actions_and_targets) {
  std::string body = R"({"events": [)";
  int n = 0;
  for (const std::string& item : actions_and_targets) {
    if (n++ > 0) body += ',';
    body += R"({"id": "e)" + std::to_string(n) +
            R"(", "timestamp": "2026-03-01T11:59:00Z", "request": {"host": "r:5000"}, )" + item +
            "}";
  }
  return body + "]}";
}

const std::string kManifest = "application/vnd.oci.image.manifest.v1+json";
std::string push(const std::string& repository, const std::string& tag) {
  return R"("action": "push", "target": {"mediaType": ")" + kManifest + R"(", "digest": ")" +
         kDigest + R"(", "repository": ")" + repository + R"(", "tag": ")" + tag + "\"}";
}
std::string pull(const std::string& repository) {
  return R"("action": "pull", "target": {"mediaType": ")" + kManifest + R"(", "digest": ")" +
         kDigest + R"(", "repository": ")" + repository + "\"}";
}

}  // namespace

TEST_CASE_METHOD(Fixture, "An authentic push is accepted once it is durable", "[receiver][hook]") {
  const HttpReply reply = post({});
  CHECK(reply.status == 202);
  CHECK(reply.durable_after == 1);
  CHECK(reply.body.empty());
  REQUIRE(intake.events().size() == 1);
  const Event event = intake.events()[0];
  CHECK(event.image() == "ghcr.io/acme/app:1.2");
  CHECK(event.source == "ci");
  CHECK(event.received_at == clock.now());
  CHECK(find_header(reply.headers, "Longshore-Event") == event.id.str());
  CHECK_FALSE(find_header(reply.headers, "Longshore-Note"));
  CHECK(intake.refusals().empty());
}

TEST_CASE_METHOD(Fixture, "Who accepts JSON is told in the body as well", "[receiver][hook]") {
  Sent sent;
  sent.headers.emplace_back("Accept", GENERATE("application/json", "*/*"));
  const HttpReply reply = post(sent);
  CHECK(reply.status == 202);
  CHECK(find_header(reply.headers, "Content-Type") == "application/json");
  CHECK(reply.body == "{\"id\":\"" + intake.events()[0].id.str() + "\",\"events\":1}\n");
}

TEST_CASE_METHOD(Fixture, "The token may be a part of the path or of the query",
                 "[receiver][hook]") {
  Sent in_path;
  in_path.headers.clear();
  in_path.path = "/hooks/ci/" + kToken;
  CHECK(post(in_path).status == 202);
  Sent in_query;
  in_query.headers.clear();
  in_query.query = "token=" + kToken;
  CHECK(post(in_query).status == 202);
}

TEST_CASE_METHOD(Fixture, "Every type of source is taken as its sender composes it",
                 "[receiver][hook]") {
  options->sources[0].type =
      GENERATE(SourceType::dockerhub, SourceType::harbor, SourceType::distribution,
               SourceType::github, SourceType::native);
  SourceOptions& source = options->sources[0];
  source.images.clear();
  const auto image = *ImageRef::parse(
      source.type == SourceType::dockerhub ? "acme/app:1.2" : "ghcr.io/acme/app:1.2");
  if (source.type == SourceType::harbor || source.type == SourceType::distribution) {
    source.host = "ghcr.io";
  }
  const auto composed = compose(source, image, *Digest::parse(kDigest), clock.now());
  REQUIRE(composed);
  Sent sent;
  sent.path = composed->path;
  sent.query = composed->query;
  sent.headers = composed->headers;
  sent.body = composed->body;
  CHECK(post(sent).status == 202);
  REQUIRE(intake.events().size() == 1);
  CHECK(intake.events()[0].repository == image.repository());
}

TEST_CASE_METHOD(Fixture, "A signature is made over the raw body", "[receiver][hook]") {
  const auto composed = compose(options->sources[2], *ImageRef::parse("ghcr.io/acme/app:1.2"),
                                *Digest::parse(kDigest), clock.now());
  REQUIRE(composed);
  Sent sent;
  sent.path = composed->path;
  sent.headers = composed->headers;
  sent.body = composed->body + " ";
  CHECK(post(sent).status == 401);
  sent.body = composed->body;
  CHECK(post(sent).status == 202);
}

TEST_CASE_METHOD(Fixture, "A repeated delivery is a duplicate", "[receiver][hook]") {
  Sent sent;
  sent.path = "/hooks/registry";
  sent.headers = {{"Accept", "application/json"}};
  sent.body = envelope({push("acme/app", "1.2")});
  const HttpReply first = post(sent);
  REQUIRE(first.status == 202);
  const HttpReply second = post(sent);
  CHECK(second.status == 200);
  CHECK(second.durable_after == first.durable_after);
  const std::string id = intake.events().at(0).id.str();
  CHECK(second.body == "{\"duplicate\":true,\"id\":\"" + id + "\"}\n");
  CHECK(find_header(second.headers, "Longshore-Event") == id);
  CHECK(find_header(second.headers, "Longshore-Note") == "duplicate");
}

TEST_CASE_METHOD(Fixture, "What is of no use is ignored with a reason", "[receiver][hook]") {
  Sent sent;
  sent.headers.emplace_back("Accept", "application/json");
  sent.body = R"({"images": []})";
  const HttpReply reply = post(sent);
  CHECK(reply.status == 200);
  CHECK(reply.durable_after == 0);
  CHECK(reply.body.starts_with("{\"ignored\":\""));
  CHECK(find_header(reply.headers, "Longshore-Note")->starts_with("ignored: "));
  CHECK(intake.events().empty());
}

TEST_CASE_METHOD(Fixture, "Noise is counted and not stored", "[receiver][hook]") {
  Sent sent;
  sent.path = "/hooks/registry";
  sent.headers = {{"Accept", "application/json"}};
  sent.body = envelope({pull("acme/app"), pull("acme/web")});
  const HttpReply reply = post(sent);
  CHECK(reply.status == 200);
  CHECK(reply.body == "{\"ignored\":\"counted, not stored: 2 x pull\"}\n");
  CHECK(intake.noise_count(Noise::pull) == 2);
  CHECK(intake.events().empty());

  sent.body = envelope({pull("acme/app"), push("acme/app", "1.2")});
  CHECK(post(sent).status == 202);
  CHECK(intake.noise_count(Noise::pull) == 3);
  CHECK(intake.events().size() == 1);
}

TEST_CASE_METHOD(Fixture, "A fact that is recorded and not acted upon says why",
                 "[receiver][hook]") {
  Sent sent;
  sent.body = R"({"image": "ghcr.io/other/app:1.2"})";
  const HttpReply reply = post(sent);
  CHECK(reply.status == 202);
  REQUIRE(intake.events().size() == 1);
  REQUIRE(intake.events()[0].not_actionable);
  const auto note = find_header(reply.headers, "Longshore-Note");
  REQUIRE(note);
  CHECK_FALSE(note->empty());
}

TEST_CASE_METHOD(Fixture, "One bad fact does not take the good ones with it", "[receiver][hook]") {
  Sent sent;
  sent.path = "/hooks/registry";
  sent.headers.clear();
  sent.body = envelope({push("Acme/App", "1.2"), push("acme/app", "1.2")});
  const HttpReply reply = post(sent);
  CHECK(reply.status == 202);
  CHECK(intake.events().size() == 1);
  CHECK(find_header(reply.headers, "Longshore-Note"));
  CHECK(intake.refusals().size() == 1);

  sent.body = envelope({push("Acme/App", "1.2")});
  CHECK(post(sent).status == 400);
  CHECK(intake.refusals().size() == 2);
}

TEST_CASE_METHOD(Fixture, "A body that is none is refused with the id of its audit line",
                 "[receiver][hook]") {
  Sent sent;
  sent.body = GENERATE("", "not json", R"({"image": 7})", R"({"image": "ghcr.io/a:1)", "[]");
  const HttpReply reply = post(sent);
  CHECK(reply.status == 400);
  REQUIRE(intake.refusals().size() == 1);
  CHECK(intake.refusals()[0].source == "ci");
  CHECK(intake.refusals()[0].address == "192.0.2.7");
  CHECK(has(reply.body, "\"id\":\"" + intake.refusals()[0].id.str() + '"'));
  CHECK(find_header(reply.headers, "Content-Type") == "application/json");
}

TEST_CASE_METHOD(Fixture, "A stranger learns nothing about which sources exist",
                 "[receiver][hook]") {
  Sent wrong;
  wrong.headers = {{"Authorization", "Bearer wrong-secret"}};
  Sent unknown;
  unknown.path = "/hooks/nobody";
  HttpReply to_wrong = post(wrong);
  HttpReply to_unknown = post(unknown);
  CHECK(to_wrong.status == 401);
  CHECK(to_wrong.headers == to_unknown.headers);
  const auto refusals = intake.refusals();
  REQUIRE(refusals.size() == 2);
  // The replies differ in their ids alone.
  to_wrong.body.replace(to_wrong.body.find(refusals[0].id.str()), 26, refusals[1].id.str());
  CHECK(to_wrong.body == to_unknown.body);
  CHECK(refusals[0].source == "ci");
  CHECK(refusals[1].source == "unknown");
}

TEST_CASE_METHOD(Fixture, "A stranger's body is not looked at", "[receiver][hook]") {
  Sent sent;
  sent.headers = {{"Content-Encoding", "gzip"}};
  sent.body = "not json";
  CHECK(post(sent).status == 401);
  CHECK(intake.events().empty());
}

TEST_CASE_METHOD(Fixture, "No secret and no part of a path is audited or shown",
                 "[receiver][hook]") {
  const std::string secret = "hunter2-hunter2";
  std::vector<Sent> tries(5);
  tries[0].headers = {{"Authorization", "Bearer " + secret}};
  tries[1].headers.clear();
  tries[1].query = "token=" + secret;
  tries[2].headers.clear();
  tries[2].path = "/hooks/ci/" + secret;
  tries[3].path = "/hooks/" + secret;
  tries[4].path = "/hooks/" + secret + "/" + secret;
  tries[4].method = "PUT";
  for (const Sent& sent : tries) {
    const HttpReply reply = post(sent);
    CHECK(reply.status >= 400);
    CHECK_FALSE(has(reply.body, secret));
    for (const auto& [name, value] : reply.headers)
      CHECK_FALSE(has(value, secret));
  }
  CHECK(intake.refusals().size() == tries.size());
  for (const auto& refused : intake.refusals()) {
    CHECK_FALSE(has(refused.reason + refused.source + refused.address, secret));
  }
}

TEST_CASE_METHOD(Fixture, "An address that guesses is told to slow down", "[receiver][hook]") {
  Sent wrong;
  wrong.headers.clear();
  for (int i = 0; i < 30; ++i)
    REQUIRE(post(wrong).status == 401);
  const HttpReply reply = post(wrong);
  CHECK(reply.status == 429);
  CHECK(find_header(reply.headers, "Retry-After") == "60");
  // Behind an ingress all senders have one address: who has the key gets in.
  CHECK(post({}).status == 202);
  Sent other = wrong;
  other.address = "192.0.2.8";
  CHECK(post(other).status == 401);
  clock.advance(60s);
  CHECK(post(wrong).status == 401);
}

TEST_CASE_METHOD(Fixture, "A source may be bound to addresses", "[receiver][hook]") {
  options->sources[0].from = {*AddressBlock::parse("198.51.100.0/24")};
  options->trusted_proxies = {*AddressBlock::parse("192.0.2.7")};
  CHECK(post({}).status == 401);
  CHECK(intake.refusals().back().reason == "the source may not send from this address");
  Sent sent;
  sent.address = "198.51.100.9";
  CHECK(post(sent).status == 202);
  sent.headers.emplace_back("X-Forwarded-For", "203.0.113.5");  // not by a proxy of ours
  CHECK(post(sent).status == 202);
  sent.address = "192.0.2.7";
  CHECK(post(sent).status == 401);
  CHECK(intake.refusals().back().address == "203.0.113.5");
  sent.headers.back().second = "203.0.113.5, 198.51.100.9";
  CHECK(post(sent).status == 202);
  sent.headers.front().second = "Bearer another token";
  CHECK(post(sent).status == 401);
}

TEST_CASE_METHOD(Fixture, "Behind a proxy of ours senders have their own failures",
                 "[receiver][hook]") {
  options->trusted_proxies = {*AddressBlock::parse("192.0.2.7")};
  Sent wrong;
  wrong.headers = {{"X-Forwarded-For", "203.0.113.5"}};
  for (int i = 0; i < 30; ++i)
    REQUIRE(post(wrong).status == 401);
  CHECK(post(wrong).status == 429);
  wrong.headers = {{"X-Forwarded-For", "203.0.113.6"}};
  CHECK(post(wrong).status == 401);
}

TEST_CASE_METHOD(Fixture, "Other methods than POST are refused", "[receiver][hook]") {
  Sent sent;
  sent.method = GENERATE("GET", "HEAD", "PUT", "DELETE");
  const HttpReply reply = post(sent);
  CHECK(reply.status == 405);
  CHECK(find_header(reply.headers, "Allow") == "POST");
  CHECK(intake.events().empty());
}

TEST_CASE_METHOD(Fixture, "Paths without a source are none of ours", "[receiver][hook]") {
  Sent sent;
  sent.path = GENERATE("/hooks/", "/hooks//token", "/hooks", "/");
  CHECK(post(sent).status == 404);
  CHECK(HookHandler::serves("/hooks/hub"));
  CHECK_FALSE(HookHandler::serves("/hookshub"));
  CHECK_FALSE(HookHandler::serves("/metrics"));
}

TEST_CASE_METHOD(Fixture, "An encoded body is refused", "[receiver][hook]") {
  Sent sent;
  sent.headers.emplace_back("Content-Encoding", "gzip");
  CHECK(post(sent).status == 415);
  sent.headers.back().second = "identity";
  CHECK(post(sent).status == 202);
}

TEST_CASE_METHOD(Fixture, "What cannot be kept is sent back for later", "[receiver][hook]") {
  const bool is_full = GENERATE(true, false);
  is_full ? intake.fill() : intake.fail();
  Sent sent;
  sent.path = "/hooks/registry";
  sent.body = envelope({pull("acme/app"), push("acme/app", "1.2")});
  const HttpReply reply = post(sent);
  CHECK(reply.status == 503);
  CHECK(find_header(reply.headers, "Retry-After") == (is_full ? "5" : "30"));
  CHECK(has(reply.body, is_full ? "the queue is full" : "the store has failed"));
  // It comes again, and is counted then.
  CHECK(intake.noise_count(Noise::pull) == 0);
}

TEST_CASE_METHOD(Fixture, "A new configuration holds for the next request", "[receiver][hook]") {
  auto changed = std::make_shared<ReceiverOptions>(*options);
  changed->sources[0].tokens = {"new-token"};
  handler.configure(changed);
  CHECK(post({}).status == 401);
  Sent sent;
  sent.headers = {{"Authorization", "Bearer new-token"}};
  CHECK(post(sent).status == 202);
}

TEST_CASE_METHOD(Fixture, "What the transport refuses is audited like the rest",
                 "[receiver][hook]") {
  const HttpReply reply = handler.refuse(413, "the body is too large", "192.0.2.7");
  CHECK(reply.status == 413);
  REQUIRE(intake.refusals().size() == 1);
  CHECK(reply.body ==
        "{\"error\":\"the body is too large\",\"id\":\"" + intake.refusals()[0].id.str() + "\"}\n");
}
