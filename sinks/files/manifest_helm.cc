// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/findings.h"
#include "sinks/files/keel_block.h"

// Helm values have no schema; what charts have agreed upon is a map `image` (or `…Image`) with
// repository and tag, at times registry and digest. Its path is the workload's id, the last key of
// the path the container's name.
//
// Where tag and digest are missing or empty, the chart fills in its appVersion: what is run is not
// written here, so that is a problem and no workload. Quotes count: 1.10 without them is 1.1 to
// Helm, which is why apply_edits() adds them.
//
// Values have no annotations. What Keel is told in them, in the map `keel`, counts as Keel's.

namespace longshore {
namespace {

bool is_image_key(std::string_view key) {
  return key == "image" || key.ends_with("Image") || key.ends_with("_image") ||
         key.ends_with("-image");
}

class Reader {
 public:
  Reader(ImageStrings strings, KeelBlock& keel, Findings& findings)
      : strings_(strings), keel_(keel), findings_(findings) {}

  void walk(const YamlNode* node, const std::string& path) {
    const std::string prefix = path.empty() ? path : path + ".";
    for (const auto& [key, value] : node->entries) {
      if (!key->is_scalar()) continue;
      const std::string below = prefix + key->text;
      if (!is_image_key(key->text) || !read_image(key->text, value, below)) walk(value, below);
    }
    std::size_t index = 0;
    for (const YamlNode* item : node->items)
      walk(item, path + "[" + std::to_string(index++) + "]");
  }

 private:
  // False if the value is no image, so that images may be below it.
  bool read_image(const std::string& key, const YamlNode* value, const std::string& path) {
    const bool is_map = value->is_mapping();
    if (is_map && text_at(value, "repository").empty()) return false;
    if (!is_map && (strings_ == ImageStrings::ignored || !value->is_scalar())) return true;
    auto annotations = keel_.take(value);
    if (!annotations) return true;
    FoundWorkload workload{path, {}, *std::move(annotations)};
    auto container = is_map ? map_form(key, value) : string_form(key, value);
    if (container) findings_.add(workload, *std::move(container));
    findings_.add(std::move(workload));
    return true;
  }

  std::optional<FoundContainer> map_form(const std::string& key, const YamlNode* value) {
    ImageParts parts;
    if (const std::string_view host = text_at(value, "registry"); !host.empty()) {
      parts.name.append(host).append("/");
    }
    parts.name += text_at(value, "repository");
    parts.tag = find(value, "tag");
    parts.digest = find(value, "digest");
    parts.line = parts.tag != nullptr ? parts.tag->line : value->line;
    if (text_at(value, "tag").empty() && text_at(value, "digest").empty()) {
      findings_.problem(value->line, "'" + parts.name +
                                         "' has no tag, so the chart chooses one: write the tag "
                                         "here to have it kept up to date");
      return std::nullopt;
    }
    return findings_.parts(key, parts);
  }

  // Only with a tag or digest: without, it is the repository beside a key such as imageTag.
  std::optional<FoundContainer> string_form(const std::string& key, const YamlNode* value) {
    const std::size_t slash = value->text.rfind('/');
    const std::size_t after = slash == std::string::npos ? 0 : slash;
    if (value->text.find_first_of(":@", after) == std::string::npos) return std::nullopt;
    return findings_.whole(key, value);
  }

  ImageStrings strings_;
  KeelBlock& keel_;
  Findings& findings_;
};

}  // namespace

void read_helm_values(const YamlNode* root, ImageStrings strings, Findings& findings) {
  KeelBlock keel(root, findings);
  Reader(strings, keel, findings).walk(root, "");
  keel.add_rest();
}

}  // namespace longshore
