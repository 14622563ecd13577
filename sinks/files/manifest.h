// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/image_ref.h"
#include "pipeline/policy.h"
#include "pipeline/result.h"
#include "sinks/files/edit.h"

namespace longshore {

// What a file says about the images that something runs, and where its bytes say it. Four dialects:
//
//   Kubernetes     apiVersion + kind: the containers of a pod or of a pod template
//   kustomization  images[]: {name, newName, newTag, digest}
//   Compose        services.<name>.image
//   Helm values    image: {registry, repository, tag, digest}; in values*.yaml also image: "a:b"
//
// Each document of a file is looked at by itself. Everything here is pure.

// A scalar that holds an image or a part of one.
struct ScalarPlace {
  std::size_t begin = 0;  // bytes of its content, without quotes: [begin, end)
  std::size_t end = 0;
  std::string text;
  int line = 0;
  std::string obstacle;  // why it cannot be replaced; empty: it can
};

// Either the whole reference is one scalar, or it is spread over a tag and a digest.
struct ImagePlaces {
  std::optional<ScalarPlace> whole;
  std::optional<ScalarPlace> tag;
  std::optional<ScalarPlace> digest;
};

struct FoundContainer {
  std::string name;  // unique within the workload
  ImageRef image;
  ImagePlaces places;
};

struct FoundWorkload {
  std::string id;  // unique within the file: "Deployment shop/web", "service web", "web.image"
  std::vector<FoundContainer> containers;  // never empty
  Annotations annotations;                 // those for us, and Keel's
};

struct ManifestProblem {
  int line = 0;  // from 1; 0: the file as a whole
  std::string message;
};

struct Manifest {
  std::vector<FoundWorkload> workloads;
  std::vector<ManifestProblem> problems;
};

// Reads one file; name is its path below the folder and decides where the content leaves a choice.
// A file that is no YAML has no workloads and one problem. An image that is no reference, is made
// by a template or holds a variable is a problem, and the others go on.
//
// An init container is listed if it has an annotation longshore.dev/policy.<name> of its own, or
// the image of a listed container; it then inherits that container's own annotations.
Manifest read_manifest(std::string_view name, std::string_view bytes);

// The edits that make container run `to`. Only tag and digest may differ from what it runs. Returns
// unsupported, with the reason, where the file has no place for them: a digest goes into an
// existing digest scalar, else behind the tag; no key is ever added.
Result<std::vector<ScalarEdit>> plan_change(const FoundContainer& container, const ImageRef& to);

}  // namespace longshore
