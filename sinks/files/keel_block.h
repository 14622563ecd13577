// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/files/findings.h"

namespace longshore {

// Keel's block in Helm values: the map `keel` at the top. Its images name the parts of an image by
// the dotted paths of their values, the rest of it is what holds for these images:
//
//   keel:
//     policy: minor
//     images: [{repository: web.image.repository, tag: web.image.tag}]
//
// Without a path for the tag the repository is the whole reference. The block becomes Keel's
// annotations of the images it names; without a policy there are none. Keys that are not read here
// (trigger, pollSchedule, releaseNotes …) are passed over. Aliases are not followed within the
// block and on the way along a path, so that no change of an image can change a path.
//
// Used by one thread for one document. Lifetime: the nodes and the findings outlive it.
class KeelBlock {
 public:
  // Reads the block of a document, if it has one. What is wrong in it is a problem each.
  KeelBlock(const YamlNode* root, Findings& findings);

  // What an image that was found by its shape, a map or a text, is told by the block: nothing if
  // only add_rest() can read it, since its parts do not stand together; empty if it is not named.
  std::optional<Annotations> take(const YamlNode* image);

  // Adds a workload for each image that was named and not taken.
  void add_rest();

 private:
  // The values that the paths lead to. Null: there is no path.
  struct Image {
    std::string id;    // the path of the repository, without its last key if that is `repository`
    std::string name;  // "keel.images[0]"
    const YamlNode* repository = nullptr;
    const YamlNode* tag = nullptr;
    const YamlNode* digest = nullptr;
    bool taken = false;
  };

  void read_annotations();
  void read_images();
  void read_image(const YamlNode* item, std::string name);
  // The text of a key of the block, empty if there is none; a problem if it is no text.
  std::string text_of(std::string_view key);
  // "true" or "false", empty if it is not there; a problem, and the policy is void, for all else.
  std::string truth_of(std::string_view key);
  // The value that the path in item leads to: null without a path, nothing if there is a problem.
  std::optional<const YamlNode*> value_at(const YamlNode* item, std::string_view key,
                                          const std::string& name);
  bool stand_together(const Image& named, const YamlNode* image) const;
  std::optional<FoundContainer> read_parts(const Image& image, const std::string& container);

  const YamlNode* root_;
  const YamlNode* block_;
  Findings& findings_;
  Annotations annotations_;
  std::vector<Image> images_;
};

}  // namespace longshore
