// SPDX-License-Identifier: Apache-2.0
#include "cli/audit_view.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "cli/output.h"
#include "pipeline/audit_lines.h"

namespace longshore {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kTimeLength = 27;  // of format_time()

Json parse(std::string_view line) {
  Json object = Json::parse(line, nullptr, false);
  return object.is_object() ? object : Json::object();
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Whether `text` is the image that is asked for; a tag or digest counts only where one is asked.
bool is_image(const ImageRef& wanted, const std::string& text) {
  const auto image = ImageRef::parse(text);
  if (!image || image->repository() != wanted.repository()) return false;
  if (wanted.tag() && image->tag() != wanted.tag()) return false;
  return !wanted.digest() || image->digest() == wanted.digest();
}

void append(std::string& out, std::string_view before, std::string_view text,
            std::string_view after = "") {
  if (text.empty()) return;
  out += before;
  out += text;
  out += after;
}

// "2026-03-01T12:00:00.000000Z" without what nobody reads aloud.
std::string short_time(std::string time) {
  if (time.size() != kTimeLength) return time;
  time[10] = ' ';
  return time.substr(0, 19);
}

Colour colour_of(const Json& object) {
  const std::string outcome = text_of(object, "outcome");
  if (object.contains("error") || outcome == "rejected" || outcome == "forbidden") {
    return Colour::red;
  }
  if (outcome == "delivered" || outcome == "completed") return Colour::green;
  return outcome.empty() ? Colour::none : Colour::yellow;
}

std::string said_of(const Json& object) {
  std::string out;
  append(out, "  ", text_of(object, "decision"));
  append(out, "  ", text_of(object, "outcome"));
  append(out, out.empty() ? "  " : ": ", text_of(object, "reason"));
  append(out, "  error: ", text_of(object, "error"));
  const auto count = object.find("count");
  if (count != object.end() && count->is_number_unsigned()) {
    out += "  " + std::to_string(count->get<std::uint64_t>()) + " times";
  }
  return out;
}

}  // namespace

bool matches(const AuditFilter& filter, std::string_view line) {
  // The time has its fixed place, and its text sorts like the moment: no line is parsed for it.
  if (filter.since && line.starts_with(kAuditLineStart)) {
    const std::string_view time = line.substr(kAuditLineStart.size(), kTimeLength);
    if (time < format_time(*filter.since)) return false;
  }
  if (filter.event && line.find(*filter.event) == std::string_view::npos) return false;
  if (!filter.event && !filter.image) return true;
  const Json object = parse(line);
  if (filter.event && text_of(object, "id") != *filter.event) return false;
  if (!filter.image) return true;
  constexpr std::array kKeys = {"image", "from", "to"};
  return std::any_of(kKeys.begin(), kKeys.end(), [&](const char* key) {
    return is_image(*filter.image, text_of(object, key));
  });
}

std::string audit_text(std::string_view line) {
  const Json object = parse(line);
  std::string step = text_of(object, "step");
  if (step.empty()) return printable(line);
  step.resize(std::max<std::size_t>(step.size(), 9), ' ');
  std::string out;
  append(out, "  ", text_of(object, "image"));
  append(out, "  ", text_of(object, "workload"));
  const std::string from = text_of(object, "from");
  append(out, "  ", from);
  append(out, from.empty() ? "  -> " : " -> ", text_of(object, "to"));
  out += said_of(object);
  append(out, "  from source ", text_of(object, "source"));
  append(out, "  by ", text_of(object, "actor"));
  std::string id;
  append(id, "  [", text_of(object, "id"), "]");
  std::string text = printable(out);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return coloured(printable(short_time(text_of(object, "time"))), Colour::dim) + "  " +
         coloured(printable(step), colour_of(object)) + text + coloured(printable(id), Colour::dim);
}

}  // namespace longshore
