// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/edit.h"

#include <algorithm>
#include <unordered_map>

#include "sinks/files/yaml.h"

// Bytes are spliced, nothing is emitted: no YAML library writes back what it has read. What the
// splice did is then proven by reading the result and walking both trees side by side.

namespace longshore {
namespace {

using EditAt = std::unordered_map<std::size_t, const ScalarEdit*>;

Error refused(std::string_view text, std::string_view why) {
  return Error{Errc::unsupported, "'" + std::string(text.substr(0, 300)) + "' " + std::string(why)};
}

bool is_safe_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '"' && c != '\'' && c != '\\' && c != '#';
  });
}

// Null if no scalar's content is these bytes.
const YamlNode* scalar_at(const YamlFile& file, const ScalarEdit& edit) {
  for (const YamlNode& node : file.nodes) {
    if (node.kind != YamlKind::mapping && node.kind != YamlKind::sequence && node.written &&
        node.begin == edit.begin && node.end == edit.end) {
      return &node;
    }
  }
  return nullptr;
}

Status check(std::string_view bytes, const YamlFile& file, const ScalarEdit& edit) {
  if (edit.begin > edit.end || edit.end > bytes.size() ||
      bytes.substr(edit.begin, edit.end - edit.begin) != edit.expected) {
    return Error{Errc::conflict, "'" + edit.expected + "' does not stand there any more"};
  }
  const YamlNode* node = scalar_at(file, edit);
  if (node == nullptr) return Error{Errc::conflict, "no scalar stands there any more"};
  if (node->kind == YamlKind::alias) return refused(edit.expected, "is an alias");
  if (node->style == ScalarStyle::block) return refused(edit.expected, "is a block scalar");
  if (node->text != edit.expected) {
    return refused(edit.expected, "has escapes or several lines");
  }
  if (edit.text.empty() || !is_safe_text(edit.text)) {
    return refused(edit.text, "cannot be written without escapes");
  }
  return Done{};
}

std::string written_form(const YamlFile& file, const ScalarEdit& edit) {
  const YamlNode* node = scalar_at(file, edit);
  const bool plain = node->style == ScalarStyle::plain;
  return plain && !is_plain_string(edit.text) ? '"' + edit.text + '"' : edit.text;
}

bool same(const YamlNode* before, const YamlNode* after, const EditAt& edits);

bool same_children(const YamlNode* before, const YamlNode* after, const EditAt& edits) {
  if (before->items.size() != after->items.size()) return false;
  if (before->entries.size() != after->entries.size()) return false;
  for (std::size_t i = 0; i < before->items.size(); ++i) {
    if (!same(before->items[i], after->items[i], edits)) return false;
  }
  for (std::size_t i = 0; i < before->entries.size(); ++i) {
    if (!same(before->entries[i].first, after->entries[i].first, edits)) return false;
    if (!same(before->entries[i].second, after->entries[i].second, edits)) return false;
  }
  return true;
}

// Recursion is bounded by the parser's limit on nesting.
bool same(const YamlNode* before, const YamlNode* after, const EditAt& edits) {
  if (before->kind != after->kind || before->tag != after->tag || before->anchor != after->anchor) {
    return false;
  }
  if (before->is_scalar() && before->written) {
    if (const auto edit = edits.find(before->begin); edit != edits.end()) {
      return after->text == edit->second->text;
    }
  }
  return before->style == after->style && before->text == after->text &&
         same_children(before, after, edits);
}

Status verify(const YamlFile& before, std::string_view result,
              const std::vector<ScalarEdit>& edits) {
  const Error wrong{Errc::unsupported,
                    "the file would not read back with only the image changed: it is left alone"};
  const auto after = parse_yaml(result);
  if (!after || after->documents.size() != before.documents.size()) return wrong;
  EditAt at;
  for (const ScalarEdit& edit : edits)
    at.emplace(edit.begin, &edit);
  for (std::size_t i = 0; i < before.documents.size(); ++i) {
    if (!same(before.documents[i], after->documents[i], at)) return wrong;
  }
  return Done{};
}

}  // namespace

Result<std::string> apply_edits(std::string_view bytes, std::vector<ScalarEdit> edits) {
  const auto before = parse_yaml(bytes);
  if (!before) return before.error();
  std::sort(edits.begin(), edits.end(),
            [](const ScalarEdit& a, const ScalarEdit& b) { return a.begin < b.begin; });
  std::string result;
  std::size_t done = 0;
  for (const ScalarEdit& edit : edits) {
    if (auto checked = check(bytes, *before, edit); !checked) return std::move(checked).error();
    if (edit.begin < done) return Error{Errc::conflict, "two changes of the same scalar"};
    result += bytes.substr(done, edit.begin - done);
    result += written_form(*before, edit);
    done = edit.end;
  }
  result += bytes.substr(done);
  if (auto proven = verify(*before, result, edits); !proven) return std::move(proven).error();
  return result;
}

}  // namespace longshore
