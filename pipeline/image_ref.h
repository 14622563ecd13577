// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pipeline/digest.h"
#include "pipeline/result.h"
#include "pipeline/tag.h"

namespace longshore {

// Grammar (github.com/distribution/reference, "reference.go"):
//
//   reference  = name [ ":" tag ] [ "@" digest ]
//   name       = [ host "/" ] path
//   host       = ( domain-name | IPv4 | "[" IPv6 "]" ) [ ":" port ]
//   path       = component *( "/" component )
//   component  = alnum *( separator alnum )       alnum = [a-z0-9]+
//   separator  = "." | "_" | "__" | "-"+
//
// The first component of a name is a host if it has a "." or ":", is "localhost", or has an
// upper-case letter; else the host is docker.io, and a path of one component there is below
// "library/". index.docker.io, registry-1.docker.io and registry.hub.docker.com are docker.io.
// Hosts are compared in lower case. Upper case in a path is refused, never folded. 64 hex digits,
// alone or after "sha256:", are the id of an image and no reference.

// Where images are kept: a registry's host and the path of a repository there. Always in the
// normalised form, so that two that mean the same are equal. Copyable, ordered, thread-safe.
class Repository {
 public:
  // A name as people write it ("nginx", "ghcr.io/acme/app"), without tag or digest.
  static Result<Repository> parse(std::string_view name);
  // For senders that give the two apart. The host may be one of Docker Hub's names.
  static Result<Repository> of(std::string_view host, std::string_view path);
  // Reads str() back. Not the same as parse(): there "registry/app" is docker.io/registry/app.
  static Result<Repository> from_normalised(std::string_view text);

  std::string_view host() const noexcept { return std::string_view(text_).substr(0, host_size_); }
  std::string_view path() const noexcept { return std::string_view(text_).substr(host_size_ + 1); }
  const std::string& str() const noexcept { return text_; }  // host "/" path

  friend bool operator==(const Repository& a, const Repository& b) { return a.text_ == b.text_; }
  friend auto operator<=>(const Repository& a, const Repository& b) { return a.text_ <=> b.text_; }

 private:
  Repository(std::string text, std::size_t host_size)
      : text_(std::move(text)), host_size_(host_size) {}
  std::string text_;
  std::size_t host_size_;
};

// Returns the normalised form of a registry's host[:port], or invalid_input.
Result<std::string> normalise_host(std::string_view host);

// What a workload runs: a repository, and a tag, a digest, both or neither. The name as it was
// written is kept ("nginx", not "docker.io/library/nginx"), so that what is written back looks
// like what stood there. Equality ignores that spelling.
class ImageRef {
 public:
  static Result<ImageRef> parse(std::string_view text);

  const Repository& repository() const noexcept { return repository_; }
  const std::optional<Tag>& tag() const noexcept { return tag_; }
  const std::optional<Digest>& digest() const noexcept { return digest_; }
  // The name before tag and digest, as it was written.
  const std::string& name() const noexcept { return name_; }
  // The tag that an engine would pull: the one written, else "latest" unless a digest stands there.
  std::optional<Tag> effective_tag() const;

  // The same name with another tag and digest.
  ImageRef with(std::optional<Tag> tag, std::optional<Digest> digest) const;

  std::string str() const;  // in its own spelling

  friend bool operator==(const ImageRef& a, const ImageRef& b) {
    return a.repository_ == b.repository_ && a.tag_ == b.tag_ && a.digest_ == b.digest_;
  }

 private:
  ImageRef(std::string name, Repository repository, std::optional<Tag> tag,
           std::optional<Digest> digest)
      : name_(std::move(name)),
        repository_(std::move(repository)),
        tag_(std::move(tag)),
        digest_(std::move(digest)) {}
  std::string name_;
  Repository repository_;
  std::optional<Tag> tag_;
  std::optional<Digest> digest_;
};

}  // namespace longshore

template <>
struct std::hash<longshore::Repository> {
  std::size_t operator()(const longshore::Repository& repository) const noexcept {
    return std::hash<std::string>{}(repository.str());
  }
};
