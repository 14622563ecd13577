// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/keel_block.h"

#include <algorithm>
#include <array>

#include "pipeline/text.h"

// Each path is looked up from the top and each image among the ones before it: the limit keeps a
// file of nothing but paths from taking quadratic time.

namespace longshore {
namespace {

constexpr std::size_t kMostImages = 1000;
constexpr std::string_view kRepositoryKey = ".repository";

bool is_null(const YamlNode* node) {
  if (node == nullptr) return true;
  if (!node->is_scalar() || node->style != ScalarStyle::plain) return false;
  return node->text.empty() || node->text == "~" || equal_without_case(node->text, "null");
}

bool is_one_of(std::string_view text, const std::array<std::string_view, 3>& words) {
  return std::any_of(words.begin(), words.end(),
                     [text](std::string_view word) { return equal_without_case(text, word); });
}

// Null if the path leads nowhere.
const YamlNode* node_at(const YamlNode* root, std::string_view path) {
  const YamlNode* node = root;
  while (node != nullptr) {
    const std::size_t dot = path.find('.');
    node = find(node, path.substr(0, dot));
    if (dot == std::string_view::npos) return node;
    path.remove_prefix(dot + 1);
  }
  return nullptr;
}

std::string_view scalar_text(const YamlNode* node) {
  const YamlNode* value = follow(node);
  return value != nullptr && value->is_scalar() ? std::string_view(value->text)
                                                : std::string_view();
}

bool is_same_value(const YamlNode* a, const YamlNode* b) {
  return a != nullptr && b != nullptr && follow(a) == follow(b);
}

bool says_what_runs(const YamlNode* reference) {
  const auto image = ImageRef::parse(scalar_text(reference));
  return image && (image->tag() || image->digest());
}

}  // namespace

KeelBlock::KeelBlock(const YamlNode* root, Findings& findings)
    : root_(root), block_(find(root, "keel")), findings_(findings) {
  if (block_ == nullptr) return;
  if (block_->kind == YamlKind::alias) {
    findings_.problem(block_->line, "keel is an alias (*" + block_->text + "): write the map out");
  }
  if (!block_->is_mapping()) return;
  read_annotations();
  read_images();
}

std::string KeelBlock::text_of(std::string_view key) {
  const YamlNode* value = find(block_, key);
  if (is_null(value)) return "";
  if (value->is_scalar()) return value->text;
  findings_.problem(value->line,
                    "keel." + std::string(key) + " is no text: write its value on the line of it");
  return "";
}

std::string KeelBlock::truth_of(std::string_view key) {
  const std::string text = text_of(key);
  if (text.empty()) return text;
  if (is_one_of(text, {"true", "yes", "on"})) return "true";
  if (is_one_of(text, {"false", "no", "off"})) return "false";
  findings_.problem(find(block_, key)->line, "keel." + std::string(key) + " is " + in_quotes(text) +
                                                 ", so keel.policy does not count: write true or "
                                                 "false");
  annotations_.clear();
  return "";
}

void KeelBlock::read_annotations() {
  const std::string policy = text_of("policy");
  if (policy.empty()) return;
  annotations_.emplace("keel.sh/policy", policy);
  if (const std::string approvals = text_of("approvals"); !approvals.empty()) {
    annotations_.emplace("keel.sh/approvals", approvals);
  }
  for (const std::string_view key : {"matchTag", "matchPreRelease"}) {
    const std::string truth = truth_of(key);
    if (annotations_.empty()) return;
    if (!truth.empty()) annotations_.emplace("keel.sh/" + std::string(key), truth);
  }
}

void KeelBlock::read_images() {
  const YamlNode* images = find(block_, "images");
  if (is_null(images)) return;
  if (!images->is_sequence()) {
    findings_.problem(images->line,
                      "keel.images is no list: write one, such as images: [{repository: "
                      "image.repository, tag: image.tag}]");
    return;
  }
  for (std::size_t i = 0; i < images->items.size() && i < kMostImages; ++i)
    read_image(images->items[i], "keel.images[" + std::to_string(i) + "]");
  if (images->items.size() > kMostImages) {
    findings_.problem(images->line, "keel.images has more than " + std::to_string(kMostImages) +
                                        " entries: those after them do not count");
  }
}

void KeelBlock::read_image(const YamlNode* item, std::string name) {
  const auto repository = value_at(item, "repository", name);
  const auto tag = value_at(item, "tag", name);
  const auto digest = value_at(item, "digest", name);
  if (!repository || !tag || !digest) return;
  if (*repository == nullptr) {
    findings_.problem(item->line, name +
                                      " has no repository: write the path of the image's "
                                      "repository in this file, such as image.repository");
    return;
  }
  if (is_same_value(*repository, *tag) || is_same_value(*repository, *digest) ||
      is_same_value(*tag, *digest)) {
    findings_.problem(item->line, name + " has two paths to one value: leave one of them out");
    return;
  }
  std::string id(text_at(item, "repository"));
  const auto same = std::find_if(images_.begin(), images_.end(), [&repository](const Image& other) {
    return other.repository == *repository;
  });
  if (same != images_.end()) {
    findings_.problem(item->line, name + ".repository: " + in_quotes(id) + " is named by " +
                                      same->name + " already: remove one of the two");
    return;
  }
  if (id.ends_with(kRepositoryKey)) id.resize(id.size() - kRepositoryKey.size());
  images_.push_back(Image{std::move(id), std::move(name), *repository, *tag, *digest});
}

std::optional<const YamlNode*> KeelBlock::value_at(const YamlNode* item, std::string_view key,
                                                   const std::string& name) {
  const YamlNode* path = find(item, key);
  if (is_null(path) || (path->is_scalar() && path->text.empty())) {
    return std::optional<const YamlNode*>(nullptr);
  }
  const std::string what = name + "." + std::string(key);
  if (!path->is_scalar()) {
    findings_.problem(path->line, what + " is no text: write the path of a value in this file");
    return std::nullopt;
  }
  const YamlNode* value = node_at(root_, path->text);
  const YamlNode* followed = follow(value);
  if (followed != nullptr && followed->is_scalar()) return value;
  findings_.problem(
      path->line,
      what + ": " +
          (value == nullptr ? "nothing stands at " + in_quotes(path->text) + " in this file"
                            : in_quotes(path->text) + " is no text") +
          ": write the keys that lead to the value, with dots between them, such as "
          "web.image.tag (not through lists or aliases)");
  return std::nullopt;
}

std::optional<Annotations> KeelBlock::take(const YamlNode* image) {
  const YamlNode* repository = image->is_mapping() ? find(image, "repository") : image;
  const auto named = std::find_if(images_.begin(), images_.end(), [repository](const Image& other) {
    return other.repository == repository;
  });
  if (named == images_.end()) return Annotations{};
  if (!stand_together(*named, image)) return std::nullopt;
  named->taken = true;
  return annotations_;
}

// Whether the image as it is found by its shape has every part that the block names.
bool KeelBlock::stand_together(const Image& named, const YamlNode* image) const {
  if (image->is_scalar()) return false;  // add_rest() reads it just as well
  if (named.tag != nullptr && named.tag != find(image, "tag")) return false;
  if (named.digest != nullptr && named.digest != find(image, "digest")) return false;
  const bool has_own = !text_at(image, "tag").empty() || !text_at(image, "digest").empty();
  return named.tag != nullptr || has_own || !says_what_runs(named.repository);
}

std::optional<FoundContainer> KeelBlock::read_parts(const Image& image,
                                                    const std::string& container) {
  if (image.tag == nullptr && scalar_text(image.digest).empty()) {
    return findings_.whole(container, image.repository);
  }
  ImageParts parts;
  parts.name = scalar_text(image.repository);
  parts.tag = image.tag;
  parts.digest = image.digest;
  // A value that is left out has no line.
  const bool has_line = image.tag != nullptr && image.tag->written;
  parts.line = has_line ? image.tag->line : image.repository->line;
  if (scalar_text(image.tag).empty() && scalar_text(image.digest).empty()) {
    findings_.problem(parts.line, image.name + ": " + in_quotes(parts.name) +
                                      " has no tag, so the chart chooses one: write the tag here "
                                      "to have it kept up to date");
    return std::nullopt;
  }
  return findings_.parts(container, parts);
}

void KeelBlock::add_rest() {
  for (const Image& image : images_) {
    if (image.taken) continue;
    FoundWorkload workload{image.id, {}, annotations_};
    const std::size_t dot = image.id.rfind('.');
    const std::string container = dot == std::string::npos ? image.id : image.id.substr(dot + 1);
    if (auto found = read_parts(image, container)) findings_.add(workload, *std::move(found));
    findings_.add(std::move(workload));
  }
}

}  // namespace longshore
