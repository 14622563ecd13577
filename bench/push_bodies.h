// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace longshore::bench {

// A notification with places that differ from one to the next, so that no two bodies are alike and
// a new one costs some stores into the old one's buffer. In the text, a run of two or more
//
//   '@'  is the serial number in decimal, its low digits, zeros in front
//   '$'  is the number of the repository, likewise
//   '~'  is a hash of the serial number in hex, as a digest has to look
class BodyTemplate {
 public:
  explicit BodyTemplate(std::string text);

  std::size_t size() const noexcept { return text_.size(); }
  // A body of its own to fill again and again.
  const std::string& text() const noexcept { return text_; }
  // Makes `body`, a copy of text(), the notification with this serial number.
  // REQUIRES: size() bytes at body
  void fill(std::uint64_t serial, std::uint64_t repository, char* body) const;

 private:
  struct Place {
    std::size_t at;
    std::size_t size;
    char kind;
  };
  std::string text_;
  std::vector<Place> places_;
};

// A push as each kind of sender tells it, shaped like its real deliveries, values invented.
std::string docker_hub_push();           // 0.9 KB: the body that the load is made of
std::string docker_hub_push_readme();    // the same with a description of 32 KiB
std::string harbor_push();               // 0.4 KB, the default format
std::string harbor_push_cloudevent();    // 0.6 KB
std::string distribution_push();         // 1.7 KB, indented as the registry does
std::string distribution_push_batch();   // ten events in one envelope, 17 KB
std::string github_package_published();  // 11 KB, as for a package of a linked repository
std::string native_push();               // 0.2 KB

}  // namespace longshore::bench
