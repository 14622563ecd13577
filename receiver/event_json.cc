// SPDX-License-Identifier: Apache-2.0
#include "receiver/event_json.h"

#include "pipeline/json_text.h"
#include "receiver/admit.h"

namespace longshore {
namespace {

class Line {
 public:
  void text(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(out_, value);
  }
  void optional_text(std::string_view name, const std::optional<std::string>& value) {
    if (value) text(name, *value);
  }
  void literal(std::string_view name, std::string_view value) {
    begin(name);
    out_ += value;
  }
  std::string take() && { return std::move(out_) + '}'; }

 private:
  void begin(std::string_view name) {
    out_ += out_.empty() ? '{' : ',';
    append_json_string(out_, name);
    out_ += ':';
  }
  std::string out_;
};

// A host that `decode` meets counts as configured: which ones are is not its question.
RegistryNames names_with(const Fact& fact) {
  RegistryNames names;
  if (!fact.host) return names;
  if (auto host = normalise_host(*fact.host)) names.host_of.emplace(*host, *host);
  return names;
}

}  // namespace

std::string event_json(const Event& event, EventIdIn id) {
  Line line;
  if (id == EventIdIn::line) line.text("id", event.id.str());
  line.text("kind", name_of(event.kind));
  line.text("host", event.repository.host());
  line.text("repository", event.repository.path());
  if (event.tag) line.text("tag", event.tag->str());
  if (event.digest) line.text("digest", event.digest->str());
  line.optional_text("media_type", event.media_type);
  line.optional_text("actor", event.actor);
  if (event.occurred_at) line.text("occurred_at", format_time(*event.occurred_at));
  line.optional_text("delivery_id", event.delivery_id);
  line.literal("actionable", event.not_actionable ? "false" : "true");
  line.optional_text("reason", event.not_actionable);
  return std::move(line).take();
}

Result<DecodedLines> decode_to_json(SourceType type, const Headers& headers,
                                    std::string_view body) {
  auto decoded = decode(type, headers, body);
  if (!decoded) return std::move(decoded).error();
  SourceOptions source;
  source.name = name_of(type);
  source.type = type;
  DecodedLines result{{}, std::move(decoded->ignored)};
  std::size_t index = 0;
  for (Fact& fact : decoded->facts) {
    const RegistryNames names = names_with(fact);
    const auto event = admit(std::move(fact), index++, source, names, Time{});
    if (!event) return event.error();
    result.lines.push_back(event_json(*event, EventIdIn::nowhere));
  }
  return result;
}

}  // namespace longshore
