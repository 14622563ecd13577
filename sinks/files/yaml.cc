// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/yaml.h"

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include <libfyaml.h>

namespace longshore {
namespace {

using AnchorNames = std::unordered_map<const fy_node*, std::string>;

struct Library {
  struct Free {
    void operator()(fy_diag* it) const { fy_diag_destroy(it); }
    void operator()(fy_parser* it) const { fy_parser_destroy(it); }
  };
  std::unique_ptr<fy_diag, Free> diag;
  std::unique_ptr<fy_parser, Free> parser;  // before diag in destruction: it uses it
};

std::string anchor_name(fy_anchor* anchor) {
  std::size_t size = 0;
  const char* text = fy_anchor_get_text(anchor, &size);
  return text == nullptr ? std::string() : std::string(text, size);
}

AnchorNames anchors_of(fy_document* document) {
  AnchorNames names;
  void* at = nullptr;
  while (fy_anchor* anchor = fy_document_anchor_iterate(document, &at)) {
    names.emplace(fy_anchor_node(anchor), anchor_name(anchor));
  }
  return names;
}

ScalarStyle style_of(fy_node* node) {
  switch (fy_node_get_style(node)) {
    case FYNS_SINGLE_QUOTED:
      return ScalarStyle::single_quoted;
    case FYNS_DOUBLE_QUOTED:
      return ScalarStyle::double_quoted;
    case FYNS_LITERAL:
    case FYNS_FOLDED:
      return ScalarStyle::block;
    default:
      return ScalarStyle::plain;
  }
}

// A text in single quotes with an escape in it, which is a doubled quote. The library (0.7.12) puts
// such a line together from pieces, and leaks its list of them if there are more than 8.
bool has_doubled_quote(ScalarStyle style, std::string_view written) {
  return style == ScalarStyle::single_quoted && written.find('\'') != std::string_view::npos;
}

std::string without_doubled_quotes(std::string_view written) {
  std::string text;
  for (std::size_t i = 0; i < written.size(); ++i) {
    text.push_back(written[i]);
    if (written[i] == '\'') ++i;
  }
  return text;
}

// Turns the library's tree into ours, one document at a time. The depth is bounded by the parser.
class Converter {
 public:
  Converter(YamlFile& file, std::string_view bytes, fy_document* document)
      : file_(file), bytes_(bytes), names_(anchors_of(document)) {}

  const YamlNode* convert(fy_node* from) {
    YamlNode& node = file_.nodes.emplace_back();
    if (from == nullptr) return &node;
    std::size_t size = 0;
    if (const char* tag = fy_node_get_tag(from, &size)) node.tag.assign(tag, size);
    switch (fy_node_get_type(from)) {
      case FYNT_SCALAR:
        scalar(from, node);
        break;
      case FYNT_SEQUENCE:
        sequence(from, node);
        break;
      case FYNT_MAPPING:
        mapping(from, node);
        break;
    }
    if (const auto name = names_.find(from); name != names_.end()) {
      node.anchor = name->second;
      complete_[node.anchor] = &node;
    }
    return &node;
  }

  // The first key that stands twice in its mapping, or null. The library's own check takes a time
  // that is quadratic in the number of keys.
  const YamlNode* duplicate() const { return duplicate_; }

 private:
  void scalar(fy_node* from, YamlNode& node) {
    if (fy_token* token = fy_node_get_scalar_token(from)) {
      const fy_mark* start = fy_token_start_mark(token);
      const fy_mark* end = fy_token_end_mark(token);
      if (start != nullptr && end != nullptr) {
        node.begin = start->input_pos;
        node.end = end->input_pos;
        node.line = start->line + 1;
      }
    }
    node.style = style_of(from);
    node.written = node.style != ScalarStyle::plain || node.end > node.begin;
    node.text = text_of(from, node);
    if (!fy_node_is_alias(from)) return;
    node.kind = YamlKind::alias;
    if (const auto found = complete_.find(node.text); found != complete_.end()) {
      node.target = found->second;
    }
  }

  std::string text_of(fy_node* from, const YamlNode& node) const {
    const std::string_view written = bytes_.substr(node.begin, node.end - node.begin);
    if (has_doubled_quote(node.style, written)) return without_doubled_quotes(written);
    std::size_t size = 0;
    const char* text = fy_node_get_scalar(from, &size);
    return text == nullptr ? std::string() : std::string(text, size);
  }

  void sequence(fy_node* from, YamlNode& node) {
    node.kind = YamlKind::sequence;
    void* at = nullptr;
    while (fy_node* item = fy_node_sequence_iterate(from, &at)) {
      node.items.push_back(convert(item));
    }
    if (!node.items.empty()) node.line = node.items.front()->line;
  }

  void mapping(fy_node* from, YamlNode& node) {
    node.kind = YamlKind::mapping;
    std::unordered_set<std::string_view> keys;
    void* at = nullptr;
    while (fy_node_pair* pair = fy_node_mapping_iterate(from, &at)) {
      const YamlNode* key = convert(fy_node_pair_key(pair));
      if (key->is_scalar() && !keys.insert(key->text).second && duplicate_ == nullptr) {
        duplicate_ = key;
      }
      const YamlNode* value = convert(fy_node_pair_value(pair));
      node.entries.emplace_back(key, value);
    }
    if (!node.entries.empty()) node.line = node.entries.front().first->line;
  }

  YamlFile& file_;
  std::string_view bytes_;
  AnchorNames names_;
  const YamlNode* duplicate_ = nullptr;
  std::unordered_map<std::string, const YamlNode*> complete_;
};

Library open_library(std::string_view bytes) {
  fy_diag_cfg diag_config{};
  fy_diag_cfg_default(&diag_config);
  diag_config.fp = nullptr;
  Library library;
  library.diag.reset(fy_diag_create(&diag_config));
  if (!library.diag) return library;
  fy_diag_set_collect_errors(library.diag.get(), true);
  fy_parse_cfg config{};
  config.flags = static_cast<fy_parse_cfg_flags>(FYPCF_DEFAULT_PARSE | FYPCF_ALLOW_DUPLICATE_KEYS);
  config.diag = library.diag.get();
  library.parser.reset(fy_parser_create(&config));
  if (library.parser &&
      fy_parser_set_string(library.parser.get(), bytes.data(), bytes.size()) != 0) {
    library.parser.reset();
  }
  return library;
}

Error first_error(fy_diag* diag) {
  void* at = nullptr;
  while (const fy_diag_error* error = fy_diag_errors_iterate(diag, &at)) {
    if (error->type != FYET_ERROR || error->msg == nullptr) continue;
    return Error{Errc::invalid_input, std::to_string(error->line) + ":" +
                                          std::to_string(error->column) + ": " + error->msg};
  }
  return Error{Errc::invalid_input, "1:1: this is not YAML"};
}

// Length of the UTF-8 sequence at the front, 0 if there is none (RFC 3629 section 4).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto follows = [&byte](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first < 0xF0) {
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) >= 0xA0) return 0;
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (first < 0xF0 || first > 0xF4) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) >= 0x90) return 0;
  return follows(1) && follows(2) && follows(3) ? 4 : 0;
}

// The library reads on over bytes that are no text, and may stop early at them.
Status check_text(std::string_view bytes) {
  int line = 1;
  while (!bytes.empty()) {
    const std::size_t length = bytes[0] == '\0' ? 0 : sequence_length(bytes);
    if (length == 0) {
      return Error{Errc::invalid_input, std::to_string(line) + ":1: this is not UTF-8 text"};
    }
    if (bytes[0] == '\n') ++line;
    bytes.remove_prefix(length);
  }
  return Done{};
}

// The library's time is quadratic in the number of anchors. This counts what may be one.
Status check_anchors(std::string_view bytes) {
  constexpr std::size_t kMost = 4'000;
  std::size_t count = 0;
  for (std::size_t at = bytes.find('&'); at != std::string_view::npos;
       at = bytes.find('&', at + 1)) {
    const char before = at == 0 ? '\n' : bytes[at - 1];
    if (std::string_view(" \t\r\n[{,").find(before) != std::string_view::npos) ++count;
  }
  if (count <= kMost) return Done{};
  return Error{Errc::invalid_input, "1:1: there are more than 4000 anchors"};
}

}  // namespace

Result<YamlFile> parse_yaml(std::string_view bytes) {
  YamlFile file;
  // The library takes a size of 0 for "up to the NUL".
  if (bytes.empty()) return file;
  if (auto text = check_text(bytes); !text) return std::move(text).error();
  if (auto anchors = check_anchors(bytes); !anchors) return std::move(anchors).error();
  Library library = open_library(bytes);
  if (!library.parser) return Error{Errc::io, "1:1: the YAML parser could not be started"};
  const YamlNode* duplicate = nullptr;
  while (fy_document* document = fy_parse_load_document(library.parser.get())) {
    Converter converter(file, bytes, document);
    if (fy_node* root = fy_document_root(document)) {
      file.documents.push_back(converter.convert(root));
    }
    if (duplicate == nullptr) duplicate = converter.duplicate();
    fy_parse_document_destroy(library.parser.get(), document);
  }
  if (fy_parser_get_stream_error(library.parser.get()) || fy_diag_got_error(library.diag.get())) {
    return first_error(library.diag.get());
  }
  if (duplicate != nullptr) {
    return Error{Errc::invalid_input,
                 std::to_string(duplicate->line) + ":1: duplicate key '" + duplicate->text + "'"};
  }
  return file;
}

const YamlNode* find(const YamlNode* node, std::string_view key) {
  if (node == nullptr || !node->is_mapping()) return nullptr;
  for (const auto& [name, value] : node->entries) {
    if (name->is_scalar() && name->text == key) return value;
  }
  return nullptr;
}

const YamlNode* follow(const YamlNode* node) {
  while (node != nullptr && node->kind == YamlKind::alias)
    node = node->target;
  return node;
}

std::string_view text_at(const YamlNode* node, std::string_view key) {
  const YamlNode* value = follow(find(node, key));
  if (value == nullptr || !value->is_scalar()) return {};
  return value->text;
}

}  // namespace longshore
