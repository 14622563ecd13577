// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/api.h"

#include <algorithm>

#include "pipeline/json_reader.h"
#include "sinks/http/lines.h"
#include "sinks/kubernetes/account.h"
#include "sinks/registry/header_fields.h"

namespace longshore {
namespace {

constexpr std::size_t kMaxBody = 64U << 20;  // a page of a list
constexpr std::size_t kMaxLine = 8U << 20;
constexpr std::size_t kMaxRefusal = 1U << 20;  // the body of a stream that was not to be
constexpr std::size_t kMaxMessage = 1'024;
constexpr std::chrono::milliseconds kConnectTimeout{10'000};

Errc code_of(int status) {
  if (status == 401 || status == 403) return Errc::unauthorized;
  if (status == 404) return Errc::not_found;
  if (status == 409 || status == 422) return Errc::conflict;
  if (status == 429) return Errc::busy;
  if (status == 408 || status >= 500) return Errc::unavailable;
  return Errc::invalid_input;
}

// One line of a message that others wrote, and not more of it than anybody reads.
std::string shown(std::string_view text) {
  std::string line(text.substr(0, kMaxMessage));
  // Not half a character at its end.
  while (line.size() < text.size() && !line.empty() && (text[line.size()] & 0xc0) == 0x80)
    line.pop_back();
  std::replace_if(
      line.begin(), line.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, ' ');
  return line;
}

}  // namespace

struct KubeApi::State {
  using Attempt = std::function<Result<HttpAnswer>(const OutboundRequest&)>;

  const std::chrono::milliseconds deadline;
  HttpClient& client;
  const Clock& clock;
  KubeAccount account;

  Result<KubeLogin> login(SteadyTime until, const std::stop_token& stop) {
    return account.login(std::min(until, std::chrono::steady_clock::now() + deadline), stop);
  }
  // The attempt, and another one with other credentials if they were refused and there are others.
  Result<KubeAnswer> run(const KubeCall& call, const std::stop_token& stop, const Attempt& attempt);
};

namespace {

OutboundRequest request_for(const KubeCall& call, const KubeLogin& login, SteadyTime until) {
  OutboundRequest request;
  request.method = call.method;
  request.url = login.server + call.path;
  request.fields = {{"Accept", "application/json"}};
  if (!login.authorization.empty()) {
    request.fields.emplace_back("Authorization", login.authorization);
  }
  if (!call.content_type.empty()) request.fields.emplace_back("Content-Type", call.content_type);
  request.body = call.body;
  request.connect_timeout = kConnectTimeout;
  request.timeout =
      std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  request.max_body_bytes = kMaxBody;
  request.tls_text = login.tls;
  request.reach = Reach::anywhere;
  return request;
}

// What becomes of the bytes of one stream.
class StreamReader {
 public:
  explicit StreamReader(const std::function<bool(std::string_view)>& on_line) : on_line_(on_line) {}

  bool add(int status, std::string_view bytes) {
    if (status != 200) {
      body_.append(bytes.substr(0, kMaxRefusal - body_.size()));
      return body_.size() < kMaxRefusal;
    }
    const LineReader::Read read = lines_.add(bytes, on_line_);
    is_too_long_ = read == LineReader::Read::too_long;
    return read == LineReader::Read::all;
  }
  bool is_too_long() const { return is_too_long_; }
  std::string take_body() { return std::move(body_); }

 private:
  const std::function<bool(std::string_view)>& on_line_;
  LineReader lines_{kMaxLine};
  std::string body_;
  bool is_too_long_ = false;
};

}  // namespace

Result<KubeAnswer> KubeApi::State::run(const KubeCall& call, const std::stop_token& stop,
                                       const Attempt& attempt) {
  const SteadyTime until =
      std::chrono::steady_clock::now() + (call.timeout.count() > 0 ? call.timeout : deadline);
  const auto first = login(until, stop);
  if (!first) return first.error();
  auto answer = attempt(request_for(call, *first, until));
  if (answer && answer->status == 401) {
    account.refuse(*first);
    const auto second = login(until, stop);
    if (!second) return second.error();
    if (*second != *first) answer = attempt(request_for(call, *second, until));
  }
  if (!answer) return std::move(answer).error();
  const bool asks_to_wait = answer->status == 429 || answer->status == 503;
  const auto wait = asks_to_wait ? retry_after(answer->headers, clock.now()) : std::nullopt;
  return KubeAnswer{answer->status, std::move(answer->body), wait};
}

KubeApi::KubeApi(const KubernetesTargetOptions& options, HttpClient& client, const Clock& clock,
                 const std::filesystem::path& pod)
    : state_(new State{options.deadline, client, clock, {options, pod, clock}}) {}
KubeApi::~KubeApi() = default;

Status KubeApi::check() {
  const auto login = state_->account.login(std::chrono::steady_clock::now() + state_->deadline, {});
  if (!login) return login.error();
  return Done{};
}

Result<KubeAnswer> KubeApi::call(const KubeCall& call, const std::stop_token& stop) {
  return state_->run(call, stop, [&](const OutboundRequest& request) {
    return state_->client.send(request, stop);
  });
}

Result<KubeAnswer> KubeApi::stream(const KubeCall& call,
                                   const std::function<bool(std::string_view)>& on_line,
                                   const std::stop_token& stop) {
  return state_->run(call, stop, [&](const OutboundRequest& request) -> Result<HttpAnswer> {
    StreamReader reader(on_line);
    auto answer = state_->client.stream(
        request,
        [&](const HttpAnswer& head, std::string_view bytes) {
          return reader.add(head.status, bytes);
        },
        stop);
    if (reader.is_too_long()) {
      return Error{Errc::unsupported, request.method + ' ' + shown_url(request.url) +
                                          ": a line of the answer is longer than 8 MiB"};
    }
    if (answer) answer->body = reader.take_body();
    return answer;
  });
}

std::string KubeApi::server() const {
  return state_->account.server();
}

Error kube_error(const KubeAnswer& answer) {
  JsonDocument document(answer.body);
  const std::string_view message =
      document.root({"message"}).text("message", kMaxBody).value_or("");
  const bool is_told = !document.error() && !message.empty();
  return Error{code_of(answer.status),
               is_told ? shown(message)
                       : "the API server answered with status " + std::to_string(answer.status)};
}

}  // namespace longshore
