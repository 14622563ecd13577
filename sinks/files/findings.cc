// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/findings.h"

#include <algorithm>

#include "pipeline/text.h"

namespace longshore {
namespace {

bool speaks_to_us(std::string_view key) {
  return key.starts_with(kAnnotationPrefix) || key.starts_with(kKeelPrefix) ||
         key.starts_with(kKeelOldPrefix);
}

std::string_view text_of(const YamlNode* node) {
  const YamlNode* value = follow(node);
  return value != nullptr && value->is_scalar() ? std::string_view(value->text)
                                                : std::string_view();
}

}  // namespace

ScalarPlace Findings::place_of(const YamlNode* node) const {
  ScalarPlace place{node->begin, node->end, std::string(text_of(node)), node->line, {}};
  if (node->kind == YamlKind::alias) {
    place.obstacle = "is an alias (*" + node->text + "): write the value out";
  } else if (!node->is_scalar()) {
    place.obstacle = "is no text";
  } else if (!node->written) {
    place.obstacle = "has no value: write \"\" to give it a place";
  } else if (node->style == ScalarStyle::block) {
    place.obstacle = "is a block scalar: write it on the line of its key";
  } else if (bytes_.substr(node->begin, node->end - node->begin) != place.text) {
    place.obstacle = "has escapes or several lines: write it plainly on one line";
  }
  return place;
}

bool Findings::is_literal(std::string_view text, int line) {
  if (text.find("{{") != std::string_view::npos) {
    if (!templated_) {
      problem(line, "the image comes out of a template ({{ }}), which is left alone");
    }
    templated_ = true;
    return false;
  }
  if (text.find('$') == std::string_view::npos) return true;
  problem(line, "the image '" + std::string(text.substr(0, 300)) +
                    "' uses a variable: write it out to have it kept up to date");
  return false;
}

std::optional<FoundContainer> Findings::whole(std::string name, const YamlNode* image) {
  const YamlNode* value = follow(image);
  if (value == nullptr || !value->is_scalar()) {
    // {{ .Values.image }} without quotes is a mapping in a mapping.
    const bool templated = value != nullptr && value->is_mapping() && !value->entries.empty() &&
                           value->entries.front().first->is_mapping();
    if (templated) {
      is_literal("{{", image->line);
    } else {
      problem(image->line, "the image of '" + name + "' is no text");
    }
    return std::nullopt;
  }
  if (!is_literal(value->text, image->line)) return std::nullopt;
  auto parsed = ImageRef::parse(value->text);
  if (!parsed) {
    problem(image->line, parsed.error().message);
    return std::nullopt;
  }
  ImagePlaces places;
  places.whole = place_of(image);
  return FoundContainer{std::move(name), *std::move(parsed), std::move(places)};
}

std::optional<FoundContainer> Findings::parts(std::string name, const ImageParts& image) {
  std::string text = image.name;
  if (const std::string_view tag = text_of(image.tag); !tag.empty()) text.append(":").append(tag);
  if (const std::string_view digest = text_of(image.digest); !digest.empty()) {
    text.append("@").append(digest);
  }
  if (!is_literal(text, image.line)) return std::nullopt;
  // "host" and "5000/app" together would be another image, whose tag stands nowhere.
  if (const std::string_view tag = text_of(image.tag); tag.find('/') != std::string_view::npos) {
    problem(image.line, in_quotes(tag) + " is no tag: it has a '/'");
    return std::nullopt;
  }
  auto parsed = ImageRef::parse(text);
  if (!parsed) {
    problem(image.line, parsed.error().message);
    return std::nullopt;
  }
  ImagePlaces places;
  if (image.tag != nullptr) places.tag = place_of(image.tag);
  if (image.digest != nullptr) places.digest = place_of(image.digest);
  return FoundContainer{std::move(name), *std::move(parsed), std::move(places)};
}

void Findings::add(FoundWorkload& workload, FoundContainer container) {
  const auto same = std::find_if(
      workload.containers.begin(), workload.containers.end(),
      [&container](const FoundContainer& other) { return other.name == container.name; });
  if (same == workload.containers.end()) {
    workload.containers.push_back(std::move(container));
    return;
  }
  const ImagePlaces& places = container.places;
  problem(places.whole ? places.whole->line
          : places.tag ? places.tag->line
                       : 0,
          workload.id + " has two entries named '" + container.name + "': only the first counts");
}

void Findings::add(FoundWorkload workload) {
  if (workload.containers.empty()) return;
  const int count = ++ids_[workload.id];
  if (count > 1) workload.id += " #" + std::to_string(count);
  found_.workloads.push_back(std::move(workload));
}

void Findings::problem(int line, std::string message) {
  found_.problems.push_back(ManifestProblem{line, std::move(message)});
}

Annotations annotations_in(const YamlNode* node) {
  Annotations annotations;
  const YamlNode* value = follow(node);
  if (value == nullptr) return annotations;
  for (const auto& [key, text] : value->entries) {
    if (key->is_scalar() && speaks_to_us(key->text)) annotations.emplace(key->text, text_of(text));
  }
  for (const YamlNode* item : value->items) {
    const std::string_view text = text_of(item);
    const std::size_t equals = text.find('=');
    if (!speaks_to_us(text)) continue;
    annotations.emplace(text.substr(0, equals),
                        equals == std::string_view::npos ? "" : text.substr(equals + 1));
  }
  return annotations;
}

}  // namespace longshore
