// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/manifest.h"

// The image of a container is written whole or in parts. In parts, both have to end up saying the
// same: a new tag beside an old digest would run the old image under the new name.

namespace longshore {
namespace {

using Edits = std::vector<ScalarEdit>;

Error refused(const FoundContainer& container, std::string_view why) {
  return Error{Errc::unsupported, "'" + container.name + "': " + std::string(why)};
}

std::string text_of(const std::optional<Tag>& tag) {
  return tag ? tag->str() : "";
}
std::string text_of(const std::optional<Digest>& digest) {
  return digest ? digest->str() : "";
}

// Adds the edit that makes place say text, if it does not say so yet.
Status set(Edits& edits, const FoundContainer& container, const ScalarPlace& place,
           const std::string& what, std::string text) {
  if (place.text == text) return Done{};
  if (!place.obstacle.empty()) {
    return refused(container,
                   what + " in line " + std::to_string(place.line) + " " + place.obstacle);
  }
  edits.push_back(ScalarEdit{place.begin, place.end, place.text, std::move(text)});
  return Done{};
}

Status set_tag_only(Edits& edits, const FoundContainer& container, const ImageRef& to) {
  if (!to.tag()) return refused(container, "a digest without a tag has no place in a tag");
  std::string text = text_of(to.tag());
  if (to.digest()) text += "@" + to.digest()->str();
  return set(edits, container, *container.places.tag, "the tag", std::move(text));
}

Status set_tag_and_digest(Edits& edits, const FoundContainer& container, const ImageRef& to) {
  const ImagePlaces& places = container.places;
  if (!to.digest() && !places.digest->text.empty()) {
    return refused(
        container,
        "the digest beside the tag would stay the old one: use pin: digest, or remove it");
  }
  if (to.digest()) {
    auto set_digest = set(edits, container, *places.digest, "the digest", text_of(to.digest()));
    if (!set_digest) return set_digest;
  }
  if (!places.tag) {
    if (to.tag() == container.image.tag()) return Done{};
    return refused(container, "there is no tag to write '" + text_of(to.tag()) + "' to");
  }
  if (!to.tag() && container.image.tag()) {
    return refused(container, "the tag cannot be taken away: no key is ever emptied");
  }
  return set(edits, container, *places.tag, "the tag", text_of(to.tag()));
}

}  // namespace

Result<std::vector<ScalarEdit>> plan_change(const FoundContainer& container, const ImageRef& to) {
  const ImagePlaces& places = container.places;
  if (to.repository() != container.image.repository()) {
    return refused(container, "only the tag and the digest are ever changed, not the repository");
  }
  Edits edits;
  Status done = Done{};
  if (places.whole) {
    const ImageRef next = container.image.with(to.tag(), to.digest());
    done = set(edits, container, *places.whole, "the image", next.str());
  } else if (places.digest) {
    done = set_tag_and_digest(edits, container, to);
  } else if (places.tag) {
    done = set_tag_only(edits, container, to);
  } else {
    done = refused(container, "neither tag nor digest is written here: add one of them");
  }
  if (!done) return std::move(done).error();
  return edits;
}

}  // namespace longshore
