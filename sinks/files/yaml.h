// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/result.h"

namespace longshore {

enum class YamlKind { scalar, alias, sequence, mapping };
enum class ScalarStyle { plain, single_quoted, double_quoted, block };

// One node of a YAML file, with the place of its bytes. Nothing is resolved: an alias stays an
// alias and a plain 1.10 is the text "1.10".
struct YamlNode {
  YamlKind kind = YamlKind::scalar;
  ScalarStyle style = ScalarStyle::plain;
  // Scalar: its value, but with its line breaks as they are written if it is in single quotes and
  // has a quote in it. Alias: the name of its anchor.
  std::string text;
  std::string tag;
  std::string anchor;
  // Scalars: the bytes of the content, without quotes: [begin, end). A value that is left out has
  // no bytes, and `written` is false.
  std::size_t begin = 0;
  std::size_t end = 0;
  bool written = false;
  int line = 0;                        // from 1; of a collection: of its first child
  std::vector<const YamlNode*> items;  // sequence
  std::vector<std::pair<const YamlNode*, const YamlNode*>> entries;  // mapping
  const YamlNode* target = nullptr;  // alias: the anchored node before it, if there is one

  bool is_mapping() const noexcept { return kind == YamlKind::mapping; }
  bool is_sequence() const noexcept { return kind == YamlKind::sequence; }
  bool is_scalar() const noexcept { return kind == YamlKind::scalar; }
};

// A parsed file. Movable, not copyable: nodes point at each other. An alias only ever points at a
// node that was complete before it, so that following aliases ends.
struct YamlFile {
  YamlFile() = default;
  YamlFile(YamlFile&&) = default;
  YamlFile& operator=(YamlFile&&) = default;
  YamlFile(const YamlFile&) = delete;
  YamlFile& operator=(const YamlFile&) = delete;

  std::deque<YamlNode> nodes;
  std::vector<const YamlNode*> documents;  // their roots; empty documents are left out
};

// Reads every document of the file. Returns invalid_input, "line:column: what is wrong", for what
// is no YAML or no UTF-8, for duplicate keys, for collections nested deeper than 64 and for more
// than 4000 anchors. Pure; linear in the size.
Result<YamlFile> parse_yaml(std::string_view bytes);

// The value of a key in a mapping, or null; also null if node is null or no mapping.
const YamlNode* find(const YamlNode* node, std::string_view key);

// The node itself, or what it is an alias of (null for an unknown anchor). Null stays null.
const YamlNode* follow(const YamlNode* node);

// The text of a scalar child that has one, else empty. Aliases are followed.
std::string_view text_at(const YamlNode* node, std::string_view key);

// Whether text, written without quotes, is read as a string by every YAML parser in use: YAML 1.1
// and 1.2 take 1.10, 1e3, 0x1f, on, null and 2024-01-15 for something else.
bool is_plain_string(std::string_view text);

}  // namespace longshore
