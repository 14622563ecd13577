// SPDX-License-Identifier: Apache-2.0
#include "pipeline/named_image.h"

#include <algorithm>

#include "pipeline/text.h"

namespace longshore {
namespace {

std::string list_of(const std::vector<Container>& containers) {
  std::string list;
  for (const Container& container : containers)
    list += (list.empty() ? "" : ", ") + container.name + " runs " + container.image.str();
  return list;
}

template <class Fits>
std::vector<Container> those(const Workload& workload, Fits fits) {
  std::vector<Container> found;
  std::ranges::copy_if(workload.containers, std::back_inserter(found), fits);
  return found;
}

bool has_policy(const Workload& workload, const Container& container,
                const std::vector<PolicyRule>& rules) {
  const auto settings =
      settings_for(workload.annotations, container.name, container.image.repository(), rules);
  return !settings || settings->has_value();
}

}  // namespace

Result<ImageName> ImageName::parse(const std::string& text) {
  if (auto digest = Digest::parse(text)) return ImageName{{}, {}, *std::move(digest)};
  if (auto tag = Tag::parse(text)) return ImageName{{}, *std::move(tag), {}};
  auto image = ImageRef::parse(text);
  if (!image || (!image->tag() && !image->digest())) {
    return Error{Errc::invalid_input, in_quotes(text) +
                                          " is no tag, no digest and no image with one of them: "
                                          "write 1.4.2, sha256:… or ghcr.io/acme/app:1.4.2"};
  }
  return ImageName{image->repository(), image->tag(), image->digest()};
}

std::string ImageName::str() const {
  if (!digest) return tag ? tag->str() : std::string();
  return tag ? tag->str() + "@" + digest->str() : digest->str();
}

Result<std::vector<Container>> containers_meant(const Workload& workload, const ImageName& name,
                                                const std::string& container,
                                                const std::vector<PolicyRule>& rules) {
  std::vector<Container> found = those(workload, [&](const Container& one) {
    return (container.empty() || one.name == container) &&
           (!name.repository || one.image.repository() == *name.repository);
  });
  const std::string where = workload.target + ": " + workload.id;
  if (found.empty()) {
    const std::string what =
        container.empty() ? name.repository->str() : "a container " + container;
    return Error{Errc::not_found,
                 where + " does not have " + what + ": " + list_of(workload.containers)};
  }
  const auto is_of_first = [&](const Container& one) {
    return one.image.repository() == found.front().image.repository();
  };
  if (std::ranges::all_of(found, is_of_first)) return found;
  std::erase_if(found, [&](const Container& one) { return !has_policy(workload, one, rules); });
  if (!found.empty() && std::ranges::all_of(found, is_of_first)) return found;
  return Error{Errc::invalid_input, where +
                                        " runs more than one image, name a container or write "
                                        "the whole reference: " +
                                        list_of(workload.containers)};
}

}  // namespace longshore
