// SPDX-License-Identifier: Apache-2.0
#pragma once

// Private to config/: the only header that includes the YAML library's.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "config/config.h"
#include "config/keys.h"

namespace longshore {

// Where something stands in the file; lines and columns count from 1.
struct Place {
  int line = 0;
  int column = 0;
};

// What reading one file brings together. One per load; the readers hold references to it.
struct ReadState {
  std::filesystem::path folder;  // relative paths are taken from here
  std::string_view source;       // the bytes that the YAML library was given
  std::vector<ConfigProblem> errors;
  std::vector<ConfigProblem> warnings;
  std::vector<std::filesystem::path> inputs;  // files whose change calls for another load
};

struct SizeRange {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};

struct DurationRange {
  std::chrono::milliseconds least{0};
  std::chrono::milliseconds most{0};
};

class MapReader;

// One value of the file. Each accessor gives the value as what was asked for, or records at the
// value's place what is wrong with it and gives nothing. Reading never goes deeper than it is asked
// to, so an alias that contains itself does no harm.
class ValueReader {
 public:
  ValueReader(const YAML::Node& node, Place place, std::string path, ReadState& state);

  Place place() const noexcept { return place_; }
  bool is_map() const { return node_.IsMap(); }
  bool is(std::string_view word) const { return node_.IsScalar() && node_.Scalar() == word; }

  // Records a problem at this value: "sources[0].type: " and the message.
  void error(std::string_view message) const;
  void warn(std::string_view message) const;
  // The same for an error about the value. Its text is kept back where the value has a ${…} in it,
  // since it may quote a secret.
  void error(const Error& fault) const;

  // Text, not empty, with its ${…} replaced. Plain numbers and truth values are no text.
  std::optional<std::string> text() const;
  // Text that names a file or folder, made absolute.
  std::optional<std::filesystem::path> path() const;
  // The path of a file that is there and can be read.
  std::optional<std::filesystem::path> file() const;
  // One of the words.
  std::optional<std::string_view> word(const Words& words) const;
  std::optional<bool> boolean() const;
  std::optional<std::uint64_t> number(SizeRange range) const;
  std::optional<double> decimal(double least, double most) const;
  std::optional<std::uint64_t> size(SizeRange range) const;
  std::optional<std::chrono::milliseconds> duration(DurationRange range) const;
  std::vector<ValueReader> list() const;
  // The items of a list, or the one value that stands in its place.
  std::vector<ValueReader> any_number() const;
  // The same, where an empty list would mean something else than its writer thinks.
  std::vector<ValueReader> one_or_more() const;
  // A map whose keys are all known.
  std::optional<MapReader> map(const Words& keys) const;
  // A map whose keys have still to be checked, with MapReader::check_keys.
  std::optional<MapReader> open_map() const;

 private:
  friend class MapReader;
  ReadState& state() const noexcept { return *state_; }
  void expected(std::string_view what) const;  // records it, with what stands there instead
  std::string found() const;                   // "a list"; never quotes
  bool is_closed() const;
  std::optional<std::string> scalar(std::string_view what) const;

  YAML::Node node_;
  Place place_;
  std::string path_;
  ReadState* state_;
};

// A map of the file. A key that stands there twice has been recorded; its first value counts.
// The functions with a key give nothing where the key is absent.
class MapReader {
 public:
  explicit MapReader(const ValueReader& value);

  // Records each key that is none of these, with the nearest that is.
  void check_keys(const Words& keys) const;

  const ValueReader& self() const noexcept { return self_; }
  const ValueReader* find(std::string_view key) const;
  // As find(); records where it is missing, with what to do.
  const ValueReader* require(std::string_view key, std::string_view advice) const;

  std::optional<std::string> text(std::string_view key) const;
  std::optional<std::filesystem::path> path(std::string_view key) const;
  std::optional<std::filesystem::path> file(std::string_view key) const;
  std::optional<std::string_view> word(std::string_view key, const Words& words) const;
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::uint64_t> number(std::string_view key, SizeRange range) const;
  std::optional<std::uint64_t> size(std::string_view key, SizeRange range) const;
  std::optional<std::chrono::milliseconds> duration(std::string_view key,
                                                    DurationRange range) const;
  std::vector<ValueReader> list(std::string_view key) const;
  std::vector<ValueReader> any_number(std::string_view key) const;
  std::vector<ValueReader> one_or_more(std::string_view key) const;

 private:
  struct Entry {
    std::string key;
    Place place;  // of the key
    ValueReader value;
  };
  void add(const YAML::Node& key, const YAML::Node& value);

  ValueReader self_;
  std::vector<Entry> entries_;
};

// Where a node stands. yaml-cpp counts from 0.
Place place_of(const YAML::Mark& mark);

}  // namespace longshore
