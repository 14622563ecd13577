// SPDX-License-Identifier: Apache-2.0
#include "config/reader.h"

#include <algorithm>

#include "config/files.h"
#include "config/secrets.h"
#include "config/values.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

constexpr std::size_t kMostNamedBytes = 4U << 20;

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::string join(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words)
    out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

// One problem is one line, whatever was quoted in it.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, ' ');
  return text;
}

ConfigProblem problem(Place place, std::string_view path, std::string_view message) {
  std::string text(path);
  if (!text.empty()) text += ": ";
  text += message;
  return {place.line, place.column, one_line(std::move(text))};
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  const auto nearest = nearest_word(word, known);
  return nearest ? "did you mean " + in_quotes(*nearest) + "? " : std::string();
}

// Whether the quoted scalar that begins the text has its closing quote. The library takes one
// without for a scalar that goes on to the end of the file.
bool quote_is_closed(std::string_view text) {
  const char quote = text.empty() ? '\0' : text.front();
  if (quote != '\'' && quote != '"') return true;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return true;
      ++i;
    }
  }
  return false;
}

}  // namespace

Place place_of(const YAML::Mark& mark) {
  return {mark.line + 1, mark.column + 1};
}

ValueReader::ValueReader(const YAML::Node& node, Place place, std::string path, ReadState& state)
    : node_(node), place_(place), path_(std::move(path)), state_(&state) {}

void ValueReader::error(std::string_view message) const {
  state_->errors.push_back(problem(place_, path_, message));
}

void ValueReader::warn(std::string_view message) const {
  state_->warnings.push_back(problem(place_, path_, message));
}

void ValueReader::error(const Error& fault) const {
  if (node_.IsScalar() && has_reference(node_.Scalar())) {
    error("what its ${…} stands for cannot be used here; it is not shown, since it may be secret");
  } else {
    error(fault.message);
  }
}

std::string ValueReader::found() const {
  if (node_.IsMap()) return "keys and values";
  if (node_.IsSequence()) return "a list";
  if (!node_.IsScalar()) return "nothing";
  if (node_.Tag() != "?") return "text in quotes";
  if (is_number_scalar(node_.Scalar())) return "a number";
  if (is_boolean_scalar(node_.Scalar())) return "true or false";
  return "text";
}

void ValueReader::expected(std::string_view what) const {
  if (node_.IsNull()) {
    error("has no value: give it " + std::string(what) + ", or remove it");
  } else {
    error("expected " + std::string(what) + ", found " + found());
  }
}

bool ValueReader::is_closed() const {
  const int position = node_.Mark().pos;
  if (position < 0 || static_cast<std::size_t>(position) >= state_->source.size()) return true;
  std::string_view text = state_->source.substr(static_cast<std::size_t>(position));
  if (text.starts_with('&')) {
    text.remove_prefix(std::min(text.find_first_of(" \t\r\n"), text.size()));
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  }
  return quote_is_closed(text);
}

std::optional<std::string> ValueReader::scalar(std::string_view what) const {
  if (!node_.IsScalar()) {
    expected(what);
    return std::nullopt;
  }
  if (node_.Tag() != "?" && node_.Tag() != "!") {
    error("YAML tags such as '!!str' are not supported: remove it");
    return std::nullopt;
  }
  if (!is_closed()) {
    error("the quote that begins here is never closed: close it");
    return std::nullopt;
  }
  return node_.Scalar();
}

std::optional<std::string> ValueReader::text() const {
  const auto raw = scalar("text");
  if (!raw) return std::nullopt;
  if (node_.Tag() == "?" && (is_number_scalar(*raw) || is_boolean_scalar(*raw))) {
    error("expected text, found " + found() + ": put it into quotes if it is meant so");
    return std::nullopt;
  }
  if (raw->empty()) {
    error("is empty: give it a value, or remove it");
    return std::nullopt;
  }
  Expansion expansion = expand(*raw, state_->folder);
  state_->inputs.insert(state_->inputs.end(), expansion.files.begin(), expansion.files.end());
  if (!expansion.text) {
    error(expansion.text.error().message);
    return std::nullopt;
  }
  if (has_control_character(*expansion.text)) {
    error("holds a line break or another control character: write it as one line in quotes");
    return std::nullopt;
  }
  return *std::move(expansion.text);
}

std::optional<std::filesystem::path> ValueReader::path() const {
  const auto value = text();
  if (!value) return std::nullopt;
  return below(state_->folder, *value);
}

std::optional<std::filesystem::path> ValueReader::file() const {
  const auto named = path();
  if (!named) return std::nullopt;
  const auto content = read_regular_file(*named, kMostNamedBytes);
  if (content) return named;
  state_->inputs.push_back(*named);
  error(Error{Errc::invalid_input, "the file " + in_quotes(named->string()) + " " +
                                       content.error().message +
                                       ": put it there, or correct the path"});
  return std::nullopt;
}

std::optional<std::string_view> ValueReader::word(const Words& words) const {
  const std::string choice = "one of: " + join(words.known);
  if (!node_.IsScalar() || found() == "a number" || found() == "true or false") {
    expected(choice);
    return std::nullopt;
  }
  const auto value = text();
  if (!value) return std::nullopt;
  const auto known = std::find(words.known.begin(), words.known.end(), *value);
  if (known != words.known.end()) return *known;
  if (contains(words.later, *value)) {
    error(in_quotes(*value) + " is not available in this build: use " + choice);
  } else {
    error(Error{Errc::invalid_input, "unknown " + std::string(words.what) + " " +
                                         in_quotes(*value) + ": " +
                                         suggestion(*value, words.known) + "Use " + choice});
  }
  return std::nullopt;
}

std::vector<ValueReader> ValueReader::list() const {
  std::vector<ValueReader> items;
  if (!node_.IsSequence()) {
    expected("a list");
    return items;
  }
  for (const YAML::Node& item : node_) {
    // A missing value has no place of its own.
    const Place place = item.IsNull() ? place_ : place_of(item.Mark());
    items.emplace_back(item, place, path_ + "[" + std::to_string(items.size()) + "]", *state_);
  }
  return items;
}

std::vector<ValueReader> ValueReader::any_number() const {
  return node_.IsSequence() ? list() : std::vector<ValueReader>{*this};
}

std::vector<ValueReader> ValueReader::one_or_more() const {
  std::vector<ValueReader> items = any_number();
  if (items.empty()) error("the list is empty: give it a value, or remove it");
  return items;
}

std::optional<MapReader> ValueReader::open_map() const {
  if (!node_.IsMap()) {
    expected("keys and values");
    return std::nullopt;
  }
  return MapReader(*this);
}

std::optional<MapReader> ValueReader::map(const Words& keys) const {
  auto entries = open_map();
  if (entries) entries->check_keys(keys);
  return entries;
}

MapReader::MapReader(const ValueReader& value) : self_(value) {
  for (const auto& pair : value.node_)
    add(pair.first, pair.second);
}

void MapReader::add(const YAML::Node& key, const YAML::Node& value) {
  const Place place = place_of(key.Mark());
  auto& errors = self_.state_->errors;
  if (!key.IsScalar()) {
    errors.push_back(problem(place, self_.path_, "a key has to be text: write it as one word"));
    return;
  }
  if (key.Scalar() == "<<") {
    errors.push_back(
        problem(place, self_.path_, "merge keys (<<) are not supported: write the keys out"));
    return;
  }
  for (const Entry& entry : entries_) {
    if (entry.key != key.Scalar()) continue;
    errors.push_back(problem(place, self_.path_,
                             "the key " + in_quotes(entry.key) +
                                 " stands there twice, first on line " +
                                 std::to_string(entry.place.line) + ": keep one"));
    return;
  }
  std::string path = self_.path_;
  if (!path.empty()) path += ".";
  path += one_line(key.Scalar());
  const Place value_place = value.IsNull() ? place : place_of(value.Mark());
  entries_.push_back(
      {key.Scalar(), place, ValueReader(value, value_place, std::move(path), *self_.state_)});
}

void MapReader::check_keys(const Words& keys) const {
  const auto report = [&](const Entry& entry, std::string_view message) {
    self_.state_->errors.push_back(problem(entry.place, self_.path_, message));
  };
  for (const Entry& entry : entries_) {
    const std::size_t colon = entry.key.find(':');
    if (contains(keys.known, entry.key)) continue;
    if (contains(keys.later, entry.key)) {
      report(entry, in_quotes(entry.key) + " is not available in this build: remove it");
    } else if (contains(keys.others, entry.key)) {
      report(entry, in_quotes(entry.key) + " is a key of " + std::string(keys.others_of) +
                        ", and this is " + std::string(keys.what) + ": remove it");
    } else if (colon != std::string::npos) {
      // What follows may be a secret, so it is not quoted.
      report(entry,
             in_quotes(entry.key.substr(0, colon)) + " needs a space after its ':': add one");
    } else {
      report(entry, "unknown key " + in_quotes(entry.key) + ": " +
                        suggestion(entry.key, keys.known) + "The keys of " +
                        std::string(keys.what) + " are: " + join(keys.known));
    }
  }
}

const ValueReader* MapReader::find(std::string_view key) const {
  for (const Entry& entry : entries_) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

const ValueReader* MapReader::require(std::string_view key, std::string_view advice) const {
  const ValueReader* const value = find(key);
  if (value == nullptr) {
    self_.error("'" + std::string(key) + "' is missing: " + std::string(advice));
  }
  return value;
}

std::optional<std::string> MapReader::text(std::string_view key) const {
  const ValueReader* const value = find(key);
  return value ? value->text() : std::nullopt;
}

std::optional<std::filesystem::path> MapReader::path(std::string_view key) const {
  const ValueReader* const value = find(key);
  return value ? value->path() : std::nullopt;
}

std::optional<std::filesystem::path> MapReader::file(std::string_view key) const {
  const ValueReader* const value = find(key);
  return value ? value->file() : std::nullopt;
}

std::optional<std::string_view> MapReader::word(std::string_view key, const Words& words) const {
  const ValueReader* const value = find(key);
  return value ? value->word(words) : std::nullopt;
}

std::optional<bool> MapReader::boolean(std::string_view key) const {
  const ValueReader* const value = find(key);
  return value ? value->boolean() : std::nullopt;
}

std::optional<std::uint64_t> MapReader::number(std::string_view key, SizeRange range) const {
  const ValueReader* const value = find(key);
  return value ? value->number(range) : std::nullopt;
}

std::optional<std::uint64_t> MapReader::size(std::string_view key, SizeRange range) const {
  const ValueReader* const value = find(key);
  return value ? value->size(range) : std::nullopt;
}

std::optional<std::chrono::milliseconds> MapReader::duration(std::string_view key,
                                                             DurationRange range) const {
  const ValueReader* const value = find(key);
  return value ? value->duration(range) : std::nullopt;
}

std::vector<ValueReader> MapReader::list(std::string_view key) const {
  const ValueReader* const value = find(key);
  return value ? value->list() : std::vector<ValueReader>();
}

std::vector<ValueReader> MapReader::any_number(std::string_view key) const {
  const ValueReader* const value = find(key);
  return value ? value->any_number() : std::vector<ValueReader>();
}

std::vector<ValueReader> MapReader::one_or_more(std::string_view key) const {
  const ValueReader* const value = find(key);
  return value ? value->one_or_more() : std::vector<ValueReader>();
}

}  // namespace longshore
