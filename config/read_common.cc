// SPDX-License-Identifier: Apache-2.0
// What several parts of the file have in common.
#include "config/sections.h"
#include "pipeline/image_ref.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

using std::chrono::seconds;

constexpr seconds kShortestSweep{1};
constexpr seconds kGentleSweep{10};
constexpr std::chrono::hours kLongestSweep{30 * 24};

}  // namespace

std::optional<std::string> read_host(const ValueReader& value) {
  const auto text = value.text();
  if (!text) return std::nullopt;
  auto host = normalise_host(*text);
  if (host) return *std::move(host);
  value.error(
      Error{Errc::invalid_input, in_quotes(*text) +
                                     " is no registry host: write a name or an address and, where "
                                     "needed, a port, such as registry.example.com:5000, without "
                                     "'https://' and without a path"});
  return std::nullopt;
}

bool is_new(const ValueReader& value, std::string_view what, const std::string& name,
            Lines& lines) {
  const auto [entry, added] = lines.emplace(name, value.place().line);
  if (!added) {
    value.error(Error{Errc::invalid_input, std::string(what) + " " + in_quotes(name) +
                                               " is there already, on line " +
                                               std::to_string(entry->second) + ": remove one"});
  }
  return added;
}

std::vector<std::string> texts_of(const std::vector<ValueReader>& values) {
  std::vector<std::string> texts;
  for (const ValueReader& value : values) {
    if (auto text = value.text()) texts.push_back(*std::move(text));
  }
  return texts;
}

std::optional<seconds> read_seconds(const MapReader& map, std::string_view key,
                                    DurationRange range) {
  const auto duration = map.duration(key, range);
  if (!duration) return std::nullopt;
  const auto whole = std::chrono::duration_cast<seconds>(*duration);
  if (whole != *duration) map.find(key)->error("expected whole seconds");
  return whole;
}

std::optional<seconds> read_sweep(const MapReader& map) {
  const ValueReader* const value = map.find("sweep");
  if (value == nullptr) return std::nullopt;
  if (value->is("off")) return seconds{0};
  if (value->is("0") || value->is("0s")) {
    value->error("expected a duration such as 1h; to never list tags, write 'off'");
    return std::nullopt;
  }
  const auto every = read_seconds(map, "sweep", {kShortestSweep, kLongestSweep});
  if (every && *every < kGentleSweep) {
    value->warn("is shorter than 10s, which a registry may take for an attack: write 10s or more");
  }
  return every;
}

}  // namespace longshore
