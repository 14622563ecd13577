// SPDX-License-Identifier: Apache-2.0
#include "receiver/authenticate.h"

#include <catch2/catch.hpp>

#include "pipeline/crypto.h"

using namespace std::chrono_literals;
using longshore::authenticate;
using longshore::Headers;
using longshore::HttpRequest;
using longshore::Proven;
using longshore::Result;
using longshore::SourceOptions;
using longshore::SourceType;
using longshore::Time;

namespace {

struct Request {
  Headers headers;
  std::string query;
  std::string body;
  const char* path_token = nullptr;
  Time now{1767261600s};

  Result<Proven> to(const SourceOptions& source) const {
    const HttpRequest request{"POST", "/hooks/x", query, headers, body, "192.0.2.1"};
    if (path_token == nullptr) return authenticate(source, request, std::nullopt, now);
    return authenticate(source, request, path_token, now);
  }
};

SourceOptions with_tokens(std::vector<std::string> tokens) {
  SourceOptions source;
  source.type = SourceType::harbor;
  source.tokens = std::move(tokens);
  return source;
}

SourceOptions with_secrets(SourceType type, std::vector<std::string> secrets) {
  SourceOptions source;
  source.type = type;
  source.secrets = std::move(secrets);
  return source;
}

Request authorized(std::string value) {
  Request request;
  request.headers.emplace_back("authorization", std::move(value));
  return request;
}

// github.com, "Validating webhook deliveries", the values to test with.
const std::string kGithubSecret = "It's a Secret to Everybody";
const std::string kGithubSignature =
    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

Request github_request() {
  Request request;
  request.headers.emplace_back("X-Hub-Signature-256", kGithubSignature);
  request.body = "Hello, World!";
  return request;
}

// The vector of the Standard Webhooks libraries.
const std::string kWebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

Request webhook_request() {
  Request request;
  request.headers = {{"Webhook-Id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
                     {"Webhook-Timestamp", "1614265330"},
                     {"Webhook-Signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}};
  request.body = R"({"test": 2432232314})";
  request.now = Time{1614265330s};
  return request;
}

std::string reason(const Result<Proven>& result) {
  REQUIRE_FALSE(result);
  CHECK(result.error().code == longshore::Errc::unauthorized);
  return result.error().message;
}

}  // namespace

TEST_CASE("A token opens in every place where a sender can hold it", "[receiver][authenticate]") {
  const SourceOptions source = with_tokens({"s3cret value"});
  CHECK(authorized("s3cret value").to(source));
  CHECK(authorized("Bearer s3cret value").to(source));
  CHECK(authorized("bearer  s3cret value").to(source));
  CHECK(authorized("Basic " + longshore::to_base64("anybody:s3cret value")).to(source));
  CHECK(authorized("Basic " + longshore::to_base64(":s3cret value")).to(source));
  Request query;
  query.query = "a=b&token=s3cret%20value";
  CHECK(query.to(source));
  Request path;
  path.path_token = "s3cret%20value";
  CHECK(path.to(source));
  Request both = authorized("Bearer another");
  both.path_token = "s3cret%20value";
  CHECK(both.to(source));
}

TEST_CASE("A token with a colon or a plus is taken as it is", "[receiver][authenticate]") {
  const SourceOptions source = with_tokens({"my opaque: value+x"});
  CHECK(authorized("my opaque: value+x").to(source));
  CHECK(authorized("Basic " + longshore::to_base64("u:my opaque: value+x")).to(source));
  Request query;
  query.query = "token=my%20opaque:%20value+x";
  CHECK(query.to(source));
}

TEST_CASE("Any other token is refused, and the reason holds nothing of it",
          "[receiver][authenticate]") {
  const SourceOptions source = with_tokens({"s3cret"});
  for (const std::string shown : {"s3cre", "s3crett", "S3cret", "Bearer s3cre", "Bearer", "Bearer ",
                                  "Basic !", "Basic czNjcmV0" /* no colon */, "Token s3cret"}) {
    CAPTURE(shown);
    CHECK(reason(authorized(shown).to(source)) == "the token is another one");
  }
  CHECK(reason(Request{}.to(source)) == "no token was shown");
  CHECK(reason(authorized("").to(source)) == "no token was shown");
}

TEST_CASE("A token that is there twice counts for nothing", "[receiver][authenticate]") {
  const SourceOptions source = with_tokens({"s3cret"});
  Request query;
  query.query = "token=s3cret&token=s3cret";
  CHECK_FALSE(query.to(source));
  Request header = authorized("s3cret");
  header.headers.emplace_back("Authorization", "s3cret");
  CHECK_FALSE(header.to(source));
}

TEST_CASE("An empty token in the options opens nothing", "[receiver][authenticate]") {
  const SourceOptions source = with_tokens({""});
  CHECK_FALSE(Request{}.to(source));
  CHECK_FALSE(authorized("Bearer ").to(source));
  Request query;
  query.query = "token=";
  query.path_token = "";
  CHECK_FALSE(query.to(source));
}

TEST_CASE("Two tokens are active, and it is told which was used", "[receiver][authenticate]") {
  const SourceOptions source = with_tokens({"old", "new"});
  CHECK(authorized("old").to(source)->token == 0U);
  CHECK(authorized("Bearer new").to(source)->token == 1U);
  CHECK_FALSE(authorized("other").to(source));
}

TEST_CASE("Nobody gets in without a key unless the source is insecure",
          "[receiver][authenticate]") {
  SourceOptions source;
  CHECK(reason(authorized("x").to(source)) == "the source has neither a token nor a secret");
  source.insecure = true;
  const auto proven = Request{}.to(source);
  REQUIRE(proven);
  CHECK_FALSE(proven->token);
  CHECK_FALSE(proven->secret);
  source.tokens = {"s3cret"};
  CHECK_FALSE(Request{}.to(source));
}

TEST_CASE("GitHub's signature is checked over the raw body", "[receiver][authenticate]") {
  const SourceOptions source = with_secrets(SourceType::github, {kGithubSecret});
  const auto proven = github_request().to(source);
  REQUIRE(proven);
  CHECK(proven->secret == 0U);
  CHECK(longshore::hmac_signature(longshore::kind_of(SourceType::github).hmac, kGithubSecret,
                                  "Hello, World!") == kGithubSignature);
}

TEST_CASE("GitHub's signature fails when one byte of anything changes",
          "[receiver][authenticate]") {
  const SourceOptions source = with_secrets(SourceType::github, {kGithubSecret});
  for (std::size_t i = 0; i < github_request().body.size(); ++i) {
    Request request = github_request();
    request.body[i] = static_cast<char>(request.body[i] ^ 1);
    CHECK_FALSE(request.to(source));
  }
  for (std::size_t i = 0; i < kGithubSignature.size(); ++i) {
    Request request = github_request();
    request.headers[0].second[i] = static_cast<char>(request.headers[0].second[i] ^ 1);
    CHECK_FALSE(request.to(source));
  }
  for (std::size_t i = 0; i < kGithubSecret.size(); ++i) {
    std::string secret = kGithubSecret;
    secret[i] = static_cast<char>(secret[i] ^ 1);
    CHECK_FALSE(github_request().to(with_secrets(SourceType::github, {secret})));
  }
}

TEST_CASE("A missing, empty or doubled signature of GitHub fails", "[receiver][authenticate]") {
  const SourceOptions source = with_secrets(SourceType::github, {kGithubSecret});
  Request request = github_request();
  request.headers.clear();
  CHECK(reason(request.to(source)) == "X-Hub-Signature-256 is missing or there twice");
  for (const std::string value : {"", "sha256=", "sha256", "sha1=757107"}) {
    request.headers = {{"X-Hub-Signature-256", value}};
    CHECK(reason(request.to(source)) == "X-Hub-Signature-256 is not sha256= and 64 hex digits");
  }
  request.headers = {{"X-Hub-Signature-256", kGithubSignature},
                     {"x-hub-signature-256", kGithubSignature}};
  CHECK_FALSE(request.to(source));
}

TEST_CASE("The vector of Standard Webhooks passes", "[receiver][authenticate]") {
  const auto proven = webhook_request().to(with_secrets(SourceType::native, {kWebhookSecret}));
  REQUIRE(proven);
  CHECK(proven->secret == 0U);
}

TEST_CASE("A Standard Webhooks signature fails when one byte of anything changes",
          "[receiver][authenticate]") {
  const SourceOptions source = with_secrets(SourceType::native, {kWebhookSecret});
  for (std::size_t i = 0; i < webhook_request().body.size(); ++i) {
    Request request = webhook_request();
    request.body[i] = static_cast<char>(request.body[i] ^ 1);
    CHECK_FALSE(request.to(source));
  }
  for (std::size_t header = 0; header < 3; ++header) {
    for (std::size_t i = 0; i < webhook_request().headers[header].second.size(); ++i) {
      Request request = webhook_request();
      std::string& value = request.headers[header].second;
      value[i] = static_cast<char>(value[i] ^ 1);
      CAPTURE(value);
      CHECK_FALSE(request.to(source));
    }
  }
  for (std::size_t i = 0; i < kWebhookSecret.size(); ++i) {
    std::string secret = kWebhookSecret;
    secret[i] = secret[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(webhook_request().to(with_secrets(SourceType::native, {secret})));
  }
}

TEST_CASE("One signature of a Standard Webhooks list has to match", "[receiver][authenticate]") {
  const SourceOptions source = with_secrets(SourceType::native, {kWebhookSecret});
  Request request = webhook_request();
  std::string& list = request.headers[2].second;
  const std::string good = list;
  for (const std::string& text :
       {"v1,AAAA " + good, good + " v1a,AAAA", "v2,x  " + good + " v1,"}) {
    list = text;
    CHECK(request.to(source));
  }
  for (const std::string& text :
       {std::string(), std::string("v1,"), good.substr(3), "v1a," + good.substr(3), good + ","}) {
    list = text;
    CAPTURE(text);
    CHECK_FALSE(request.to(source));
  }
}

TEST_CASE("A Standard Webhooks timestamp is at most five minutes away",
          "[receiver][authenticate]") {
  const SourceOptions source = with_secrets(SourceType::native, {kWebhookSecret});
  Request request = webhook_request();
  const Time sent = request.now;
  for (const auto skew : {-300s, 0s, 300s}) {
    request.now = sent + skew;
    CHECK(request.to(source));
  }
  for (const auto skew : {-301s, 301s, 86400s}) {
    request.now = sent + skew;
    CHECK(reason(request.to(source)) ==
          "webhook-timestamp is more than 5 minutes away from this clock");
  }
  for (const std::string value : {"", "-1", "1614265330.0", "999999999999", "now"}) {
    request.headers[1].second = value;
    CHECK(reason(request.to(source)) == "webhook-timestamp is no number of seconds");
  }
}

TEST_CASE("A Standard Webhooks id has no dot", "[receiver][authenticate]") {
  const SourceOptions source = with_secrets(SourceType::native, {kWebhookSecret});
  const auto key = longshore::webhook_key(kWebhookSecret);
  REQUIRE(key);
  for (const std::string& id : {std::string("a.b"), std::string(), std::string(257, 'a')}) {
    Request request = webhook_request();
    request.headers[0].second = id;
    request.headers[2].second = longshore::webhook_signature(*key, id, "1614265330", request.body);
    CHECK(reason(request.to(source)) == "webhook-id is empty, too long or has a '.'");
  }
  Request request = webhook_request();
  request.headers.pop_back();
  CHECK(reason(request.to(source)) ==
        "webhook-id, webhook-timestamp or webhook-signature is missing or there twice");
}

TEST_CASE("Two secrets are active, and it is told which was used", "[receiver][authenticate]") {
  const std::string other = "whsec_" + longshore::to_base64(std::string(24, 'k'));
  CHECK(webhook_request().to(with_secrets(SourceType::native, {other, kWebhookSecret}))->secret ==
        1U);
  CHECK(github_request().to(with_secrets(SourceType::github, {"x", kGithubSecret}))->secret == 1U);
}

TEST_CASE("A source with tokens and secrets needs one of both", "[receiver][authenticate]") {
  SourceOptions source = with_secrets(SourceType::github, {kGithubSecret});
  source.tokens = {"s3cret"};
  Request request = github_request();
  CHECK(reason(request.to(source)) == "no token was shown");
  request.query = "token=s3cret";
  const auto proven = request.to(source);
  REQUIRE(proven);
  CHECK(proven->token == 0U);
  CHECK(proven->secret == 0U);
  request.body += ' ';
  CHECK_FALSE(request.to(source));
  Request unsigned_request;
  unsigned_request.query = "token=s3cret";
  CHECK_FALSE(unsigned_request.to(source));
}

TEST_CASE("A token alone does not open a source with a secret", "[receiver][authenticate]") {
  CHECK_FALSE(authorized(kGithubSecret).to(with_secrets(SourceType::github, {kGithubSecret})));
}

TEST_CASE("A secret opens nothing for a type that does not sign", "[receiver][authenticate]") {
  const auto type = GENERATE(SourceType::dockerhub, SourceType::harbor, SourceType::distribution);
  CHECK(reason(github_request().to(with_secrets(type, {kGithubSecret}))) ==
        "the source has a secret, but its type does not sign: give it a token instead");
}

TEST_CASE("A Standard Webhooks secret is whsec_ and base64", "[receiver][authenticate]") {
  CHECK(longshore::webhook_key("whsec_" + longshore::to_base64("key")));
  for (const std::string secret : {"", "whsec_", "whsec_!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}) {
    CHECK_FALSE(longshore::webhook_key(secret));
  }
}
