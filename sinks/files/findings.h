// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sinks/files/manifest.h"
#include "sinks/files/yaml.h"

namespace longshore {

// An image whose parts are scalars of their own. Null: the part is not there.
struct ImageParts {
  std::string name;  // registry and repository
  const YamlNode* tag = nullptr;
  const YamlNode* digest = nullptr;
  int line = 0;
};

// Collects what the dialects find in one file: parses images, words the problems, and keeps names
// unique. Used by one thread for one file.
class Findings {
 public:
  explicit Findings(std::string_view bytes) : bytes_(bytes) {}

  // A container whose image is one scalar. Nothing, and a problem, if it is no image.
  std::optional<FoundContainer> whole(std::string name, const YamlNode* image);
  // A container whose image is spread over several scalars. Nothing, and a problem, likewise.
  std::optional<FoundContainer> parts(std::string name, const ImageParts& image);

  // Adds a container; a second one of the same name is a problem.
  void add(FoundWorkload& workload, FoundContainer container);
  // Adds a workload that has containers. A second one of the same id gets " #2" and so on.
  void add(FoundWorkload workload);

  void problem(int line, std::string message);

  Manifest take() && { return std::move(found_); }

 private:
  // False, with a problem, if text comes out of a template or holds a variable.
  bool is_literal(std::string_view text, int line);
  ScalarPlace place_of(const YamlNode* node) const;

  std::string_view bytes_;
  Manifest found_;
  std::map<std::string, int> ids_;
  bool templated_ = false;
};

// The entries for us and for Keel out of a mapping, or out of a list of "key=value".
Annotations annotations_in(const YamlNode* node);

// One dialect each: look at one document and add what they know.
void read_kubernetes(const YamlNode* root, Findings& findings);
void read_kustomization(const YamlNode* root, Findings& findings);
void read_compose(const YamlNode* root, Findings& findings);
enum class ImageStrings { ignored, read };  // whether image: "a:b" counts
void read_helm_values(const YamlNode* root, ImageStrings strings, Findings& findings);

}  // namespace longshore
