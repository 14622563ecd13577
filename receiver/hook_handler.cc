// SPDX-License-Identifier: Apache-2.0
#include "receiver/hook_handler.h"

#include <algorithm>
#include <array>
#include <vector>

#include "pipeline/json_text.h"
#include "receiver/admit.h"
#include "receiver/authenticate.h"
#include "receiver/replies.h"
#include "receiver/source_kind.h"

namespace longshore {
namespace {

constexpr std::string_view kPrefix = "/hooks/";
constexpr unsigned kFailuresPerMinute = 30;
constexpr std::size_t kAddresses = 4096;
constexpr std::size_t kReasonMax = 300;

// What senders of an unknown name are audited as. The name itself is not: anybody may put anything
// there, a secret that lost its source included.
constexpr const char* kUnknownSource = "unknown";

// By Noise, for people.
constexpr std::array<std::string_view, 4> kNoiseNames = {"pull", "blob", "untagged manifest",
                                                         "event of no use here"};

struct Route {
  std::string_view source;
  std::optional<std::string_view> token;  // still percent-encoded
};

std::optional<Route> parse_route(std::string_view path) {
  if (!path.starts_with(kPrefix)) return std::nullopt;
  path.remove_prefix(kPrefix.size());
  const std::size_t slash = path.find('/');
  Route route{path.substr(0, slash), std::nullopt};
  if (route.source.empty()) return std::nullopt;
  if (slash == std::string_view::npos || slash + 1 == path.size()) return route;
  route.token = path.substr(slash + 1);
  return route;
}

const SourceOptions* find_source(const ReceiverOptions& options, std::string_view name) {
  const auto found = std::find_if(options.sources.begin(), options.sources.end(),
                                  [&](const SourceOptions& source) { return source.name == name; });
  return found == options.sources.end() ? nullptr : &*found;
}

std::string shortened(const std::string& reason) {
  return reason.substr(0, kReasonMax);
}

// identity is no encoding (RFC 9110, section 8.4.1).
bool is_encoded(const Headers& headers) {
  const auto encoding = find_header(headers, "Content-Encoding");
  return encoding && !encoding->empty() && *encoding != "identity";
}

// What became of the facts of one notification, before the store has them.
struct Sorted {
  std::vector<Event> events;
  std::array<std::size_t, 4> noise{};  // by Noise
  std::vector<std::string> notes;      // for Longshore-Note
  std::optional<Error> first_error;
};

void add_note(Sorted& sorted, const std::string& note) {
  if (std::find(sorted.notes.begin(), sorted.notes.end(), note) == sorted.notes.end()) {
    sorted.notes.push_back(note);
  }
}

Sorted sort_facts(std::vector<Fact> facts, const SourceOptions& source,
                  const RegistryNames& registries, Time now) {
  Sorted sorted;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (const auto noise = noise_of(facts[i])) {
      ++sorted.noise[static_cast<std::size_t>(*noise)];
      continue;
    }
    auto event = admit(std::move(facts[i]), i, source, registries, now);
    if (!event) {
      add_note(sorted, event.error().message);
      if (!sorted.first_error) sorted.first_error = std::move(event).error();
      continue;
    }
    if (event->not_actionable) add_note(sorted, *event->not_actionable);
    sorted.events.push_back(*std::move(event));
  }
  return sorted;
}

std::string joined(const std::vector<std::string>& notes) {
  std::string text;
  for (const std::string& note : notes) {
    if (!text.empty()) text += "; ";
    text += note;
  }
  return text;
}

// "counted, not stored: 2 pulls, 1 blob"
std::string describe_noise(const std::array<std::size_t, 4>& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    text += (text.empty() ? "counted, not stored: " : ", ") + std::to_string(counts[i]) + " x ";
    text += kNoiseNames[i];
  }
  return text;
}

HttpReply success(int status, const HttpRequest& request, std::string body) {
  if (accepts_json(request.headers)) return json_reply(status, std::move(body));
  HttpReply reply;
  reply.status = status;
  return reply;
}

// Whoever has the source's token may send, as much as it likes.
HttpReply may_send(const HttpRequest& request) {
  HttpReply reply;
  reply.status = 200;
  reply.headers.emplace_back("Allow", "POST");
  if (const auto origin = find_header(request.headers, "WebHook-Request-Origin")) {
    reply.headers.emplace_back("WebHook-Allowed-Origin", header_text(*origin));
  }
  reply.headers.emplace_back("WebHook-Allowed-Rate", "*");
  return reply;
}

HttpReply ignored(const HttpRequest& request, const std::string& why) {
  std::string body = R"({"ignored":)";
  append_json_string(body, why);
  HttpReply reply = success(200, request, body + "}\n");
  reply.headers.emplace_back("Longshore-Note", header_text("ignored: " + why));
  return reply;
}

HttpReply accepted_reply(const HttpRequest& request, const Accepted& accepted,
                         std::vector<std::string> notes) {
  const bool is_duplicate = accepted.stored == 0;
  std::string body = is_duplicate ? R"({"duplicate":true,"id":")" : R"({"id":")";
  body += accepted.id.str() + '"';
  if (!is_duplicate) body += ",\"events\":" + std::to_string(accepted.stored);
  HttpReply reply = success(is_duplicate ? 200 : 202, request, body + "}\n");
  reply.durable_after = accepted.durable_after;
  reply.headers.emplace_back("Longshore-Event", accepted.id.str());
  if (is_duplicate) {
    notes.insert(notes.begin(), "duplicate");
  } else if (accepted.duplicates > 0) {
    notes.push_back(std::to_string(accepted.duplicates) + " of its events came before");
  }
  if (!notes.empty()) {
    reply.headers.emplace_back("Longshore-Note", header_text(joined(notes)));
  }
  return reply;
}

}  // namespace

HookHandler::HookHandler(Intake& intake, const Clock& clock,
                         std::shared_ptr<const ReceiverOptions> options)
    : intake_(intake),
      clock_(clock),
      failures_(kFailuresPerMinute, kAddresses),
      options_(std::move(options)) {}

void HookHandler::configure(std::shared_ptr<const ReceiverOptions> options) {
  const std::lock_guard lock(mutex_);
  options_.swap(options);
}

std::shared_ptr<const ReceiverOptions> HookHandler::options() const {
  const std::lock_guard lock(mutex_);
  return options_;
}

bool HookHandler::serves(std::string_view path) noexcept {
  return path.starts_with(kPrefix);
}

HttpReply HookHandler::handle(const HttpRequest& seen) {
  const auto options = this->options();
  const std::string address = sender_address(seen.address, seen.headers, options->trusted_proxies);
  const HttpRequest request{seen.method, seen.path, seen.query, seen.headers, seen.body, address};
  const auto route = parse_route(request.path);
  if (!route) return error_reply(404, "hooks are at /hooks/<source>");
  const SourceOptions* source = find_source(*options, route->source);
  const bool asks = request.method == "OPTIONS" && source && kind_of(source->type).asks_first;
  if (request.method != "POST" && !asks) {
    HttpReply reply = refuse(405, "a hook is called with POST", request.address);
    reply.headers.emplace_back("Allow", "POST");
    return reply;
  }
  if (source == nullptr) return refuse_stranger(kUnknownSource, "no such source", request);
  const auto known = authenticate(*source, request, route->token, clock_.now());
  if (!known) return refuse_stranger(source->name, known.error().message, request);
  if (asks) return may_send(request);
  return take(*options, *source, request);
}

HttpReply HookHandler::refuse(int status, const std::string& reason, std::string_view address) {
  const Ulid id = intake_.refused(kUnknownSource, reason, std::string(address));
  return error_reply(status, reason, id);
}

// The reply tells no more than that it was refused: whether the source exists is nobody's business.
HttpReply HookHandler::refuse_stranger(const std::string& source, const std::string& reason,
                                       const HttpRequest& request) {
  const Ulid id = intake_.refused(source, shortened(reason), std::string(request.address));
  if (failures_.failed_too_often(request.address, clock_.steady())) {
    HttpReply reply = error_reply(429, "too many failed attempts from this address", id);
    reply.headers.emplace_back("Retry-After", "60");
    return reply;
  }
  HttpReply reply = error_reply(401, "no such source, or not its secret", id);
  reply.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"longshore\"");
  return reply;
}

HttpReply HookHandler::refuse_source(int status, const SourceOptions& source, const Error& error,
                                     const HttpRequest& request) {
  const Ulid id =
      intake_.refused(source.name, shortened(error.message), std::string(request.address));
  HttpReply reply = error_reply(status, error.message, id);
  if (status == 503) {
    reply.headers.emplace_back("Retry-After", error.code == Errc::busy ? "5" : "30");
  }
  return reply;
}

HttpReply HookHandler::take(const ReceiverOptions& options, const SourceOptions& source,
                            const HttpRequest& request) {
  if (is_encoded(request.headers)) {
    return refuse_source(
        415, source, {Errc::unsupported, "a body with a Content-Encoding is not read"}, request);
  }
  auto decoded = decode(source.type, request.headers, request.body);
  if (!decoded) return refuse_source(400, source, decoded.error(), request);
  if (!decoded->reply.empty()) return json_reply(200, std::move(decoded->reply));
  if (decoded->facts.empty()) return ignored(request, decoded->ignored);
  return take_facts(options, source, request, *std::move(decoded));
}

HttpReply HookHandler::take_facts(const ReceiverOptions& options, const SourceOptions& source,
                                  const HttpRequest& request, Decoded decoded) {
  Sorted sorted = sort_facts(std::move(decoded.facts), source, options.registries, clock_.now());
  if (sorted.events.empty() && sorted.first_error) {
    return refuse_source(400, source, *sorted.first_error, request);
  }
  std::optional<Accepted> accepted;
  if (!sorted.events.empty()) {
    auto result = intake_.accept(std::move(sorted.events));
    if (!result) return refuse_source(503, source, result.error(), request);
    accepted = *std::move(result);
  }
  // Counted only now: a notification that is refused comes again, and would be counted twice.
  for (std::size_t kind = 0; kind < sorted.noise.size(); ++kind) {
    for (std::size_t n = 0; n < sorted.noise[kind]; ++n) {
      intake_.noise(source.name, static_cast<Noise>(kind));
    }
  }
  if (sorted.first_error) {
    intake_.refused(source.name, shortened(sorted.first_error->message),
                    std::string(request.address));
  }
  if (!accepted) return ignored(request, describe_noise(sorted.noise));
  return accepted_reply(request, *accepted, std::move(sorted.notes));
}

}  // namespace longshore
