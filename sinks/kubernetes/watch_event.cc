// SPDX-License-Identifier: Apache-2.0
//
// {"type":"MODIFIED","object":{…}}, one a line. An ERROR carries a Status object; a BOOKMARK an
// object without anything but its version.
#include "sinks/kubernetes/watch_event.h"

#include <array>

#include "sinks/kubernetes/object_reader.h"

namespace longshore {
namespace {

constexpr std::size_t kMaxItems = 100'000;
constexpr std::size_t kMaxMessageBytes = 1U << 20;
constexpr std::size_t kMaxTokenBytes = 64U << 10;
constexpr std::size_t kKeptMessageBytes = 300;

struct TypeName {
  std::string_view name;
  WatchEvent::Type type;
};

constexpr std::array<TypeName, 5> kTypes{{{"ADDED", WatchEvent::Type::added},
                                          {"MODIFIED", WatchEvent::Type::modified},
                                          {"DELETED", WatchEvent::Type::deleted},
                                          {"BOOKMARK", WatchEvent::Type::bookmark},
                                          {"ERROR", WatchEvent::Type::error}}};

std::optional<WatchEvent::Type> type_named(std::string_view name) {
  for (const TypeName& known : kTypes)
    if (known.name == name) return known.type;
  return std::nullopt;
}

bool says_ahead(std::string_view message) {
  return message.find("Too large resource version") != std::string_view::npos;
}

// REQUIRES: status was read with "code", "message" and "details".
KubeFailure failure_of(const JsonObject& status) {
  KubeFailure failure;
  const double code = status.number("code").value_or(0);
  if (code >= 0 && code <= 999) failure.code = static_cast<int>(code);
  const auto message = status.text("message", kMaxMessageBytes).value_or(std::string_view());
  failure.message = message.substr(0, kKeptMessageBytes);
  failure.is_ahead = says_ahead(message);
  status.object("details", {"causes"})
      .each("causes", JsonObject::kMaxElements, [&](const JsonElement& element) {
        const JsonObject cause = element.object({"reason", "message"});
        if (cause.text("reason") == "ResourceVersionTooLarge" ||
            says_ahead(cause.text("message", kMaxMessageBytes).value_or(std::string_view()))) {
          failure.is_ahead = true;
        }
      });
  return failure;
}

std::uint64_t required_version(const JsonObject& metadata) {
  const auto version = parse_version(metadata.required_text("resourceVersion"));
  if (!version || *version == 0) metadata.fail("resourceVersion", "is no version");
  return version.value_or(0);
}

}  // namespace

KubeFailure read_failure(int status, std::string_view body) {
  JsonDocument document(body);
  KubeFailure failure = failure_of(document.root({"code", "message", "details"}));
  if (document.error()) failure = KubeFailure{};
  failure.code = status;
  return failure;
}

Result<WatchEvent> read_watch_event(std::optional<KubeKind> kind, std::string_view line) {
  JsonDocument document(line);
  const JsonObject root = document.root({"type", "object"});
  const std::string_view name = root.required_text("type");
  const auto type = type_named(name);
  if (!type) root.fail("type", "is none of ADDED, MODIFIED, DELETED, BOOKMARK and ERROR");
  WatchEvent event;
  event.type = type.value_or(WatchEvent::Type::bookmark);
  const JsonObject object =
      root.object("object", {"metadata", "spec", "status", "code", "message", "details"});
  if (event.type == WatchEvent::Type::error) {
    event.failure = failure_of(object);
  } else if (event.type == WatchEvent::Type::bookmark) {
    event.object.version = required_version(object.object("metadata", {"resourceVersion"}));
  } else {
    event.object = read_object(document, kind, object);
  }
  if (document.error()) return *document.error();
  return event;
}

Result<ListPage> read_list_page(std::optional<KubeKind> kind, std::string_view body) {
  JsonDocument document(body);
  const JsonObject root = document.root({"metadata", "items"});
  const JsonObject metadata = root.object("metadata", {"resourceVersion", "continue"});
  ListPage page;
  page.version = required_version(metadata);
  page.next = metadata.text("continue", kMaxTokenBytes).value_or(std::string_view());
  root.each("items", kMaxItems, [&](const JsonElement& item) {
    const JsonObject object = item.object({"metadata", "spec", "status"});
    page.objects.push_back(std::make_shared<const KubeObject>(read_object(document, kind, object)));
  });
  if (document.error()) return *document.error();
  return page;
}

}  // namespace longshore
