// SPDX-License-Identifier: Apache-2.0
#include "pipeline/image_ref.h"

#include <algorithm>

#include "pipeline/text.h"

namespace longshore {
namespace {

constexpr std::size_t kMaxNameLength = 255;  // distribution/reference, NameTotalLengthMax
constexpr std::string_view kDockerHub = "docker.io";

bool is_alnum(char c) {
  return is_digit(c) || is_lower(c);
}

Error bad(std::string_view text, std::string_view why) {
  return Error{Errc::invalid_input,
               "image '" + std::string(text.substr(0, 300)) + "': " + std::string(why)};
}

bool valid_port(std::string_view port) {
  return !port.empty() && port.size() <= 5 && std::all_of(port.begin(), port.end(), is_digit);
}

bool valid_ipv6(std::string_view address) {
  return address.size() >= 2 && address.find(':') != std::string_view::npos &&
         std::all_of(address.begin(), address.end(), [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
         });
}

bool valid_domain_label(std::string_view label) {
  return !label.empty() && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

bool valid_domain(std::string_view domain) {
  for (;;) {
    const std::size_t dot = domain.find('.');
    if (!valid_domain_label(domain.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

// Length of the separator at the front: ".", "_", "__" or dashes; 0 if there is none.
std::size_t separator_length(std::string_view text) {
  if (text.starts_with("__")) return 2;
  if (text.starts_with('.') || text.starts_with('_')) return 1;
  const std::size_t end = text.find_first_not_of('-');
  return end == std::string_view::npos ? text.size() : end;
}

bool valid_component(std::string_view rest) {
  for (;;) {
    std::size_t run = 0;
    while (run < rest.size() && is_alnum(rest[run]))
      ++run;
    if (run == 0) return false;
    rest.remove_prefix(run);
    if (rest.empty()) return true;
    const std::size_t separator = separator_length(rest);
    if (separator == 0) return false;
    rest.remove_prefix(separator);
  }
}

// Empty if the path is one; else what is wrong with it.
std::string_view path_fault(std::string_view path) {
  if (path.empty()) return "the repository is empty";
  if (std::any_of(path.begin(), path.end(), is_upper)) {
    return "the repository has to be in lower case";
  }
  for (;;) {
    const std::size_t slash = path.find('/');
    if (!valid_component(path.substr(0, slash))) {
      return "each part of the repository is letters and digits, joined by '.', '_', '__' or '-'";
    }
    if (slash == std::string_view::npos) return {};
    path.remove_prefix(slash + 1);
  }
}

bool looks_like_host(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
         std::any_of(first.begin(), first.end(), is_upper);
}

bool is_hash(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'f');
         });
}

// "sha256:<hash>" and the bare hash would parse as names, and engines show them in place of one
// whose tag has moved on.
bool is_image_id(std::string_view name, const std::optional<Tag>& tag) {
  return is_hash(name) || (name == "sha256" && tag && is_hash(tag->str()));
}

}  // namespace

Result<std::string> normalise_host(std::string_view host) {
  const std::string lower = in_lower_case(host);
  std::string_view name = lower;
  if (name.starts_with('[')) {
    const std::size_t close = name.find(']');
    if (close == std::string_view::npos || !valid_ipv6(name.substr(1, close - 1))) {
      return bad(host, "the registry's host is no IPv6 address in brackets");
    }
    const std::string_view rest = name.substr(close + 1);
    if (!rest.empty() && (rest[0] != ':' || !valid_port(rest.substr(1)))) {
      return bad(host, "the port after the host has to be a number");
    }
    return lower;
  }
  const std::size_t colon = name.find(':');
  if (colon != std::string_view::npos && !valid_port(name.substr(colon + 1))) {
    return bad(host, "the port after the host has to be a number");
  }
  if (!valid_domain(name.substr(0, colon))) return bad(host, "the registry's host is not one");
  if (lower == "index.docker.io" || lower == "registry-1.docker.io" ||
      lower == "registry.hub.docker.com") {
    return std::string(kDockerHub);
  }
  return lower;
}

Result<Repository> Repository::of(std::string_view host, std::string_view path) {
  auto normalised = normalise_host(host);
  if (!normalised) return std::move(normalised).error();
  if (const std::string_view fault = path_fault(path); !fault.empty()) return bad(path, fault);
  std::string text = *std::move(normalised);
  const std::size_t host_size = text.size();
  text += '/';
  if (text == "docker.io/" && path.find('/') == std::string_view::npos) text += "library/";
  text += path;
  if (text.size() > kMaxNameLength) return bad(text, "is longer than 255 characters");
  return Repository(std::move(text), host_size);
}

Result<Repository> Repository::parse(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash != std::string_view::npos && looks_like_host(name.substr(0, slash))) {
    return of(name.substr(0, slash), name.substr(slash + 1));
  }
  return of(kDockerHub, name);
}

Result<Repository> Repository::from_normalised(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return bad(text, "lacks a host");
  return of(text.substr(0, slash), text.substr(slash + 1));
}

Result<ImageRef> ImageRef::parse(std::string_view text) {
  std::string_view name = text;
  std::optional<Digest> digest;
  if (const std::size_t at = name.find('@'); at != std::string_view::npos) {
    auto parsed = Digest::parse(name.substr(at + 1));
    if (!parsed) return bad(text, parsed.error().message);
    digest = *std::move(parsed);
    name = name.substr(0, at);
  }
  std::optional<Tag> tag;
  const std::size_t slash = name.rfind('/');
  const std::size_t colon = name.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon != std::string_view::npos) {
    auto parsed = Tag::parse(name.substr(colon + 1));
    if (!parsed) return bad(text, parsed.error().message);
    tag = *std::move(parsed);
    name = name.substr(0, colon);
  }
  if (is_image_id(name, tag)) return bad(text, "is an image's id, not the name of one");
  auto repository = Repository::parse(name);
  if (!repository) return std::move(repository).error();
  return ImageRef(std::string(name), *std::move(repository), std::move(tag), std::move(digest));
}

std::optional<Tag> ImageRef::effective_tag() const {
  if (tag_ || digest_) return tag_;
  return *Tag::parse("latest");
}

ImageRef ImageRef::with(std::optional<Tag> tag, std::optional<Digest> digest) const {
  return ImageRef(name_, repository_, std::move(tag), std::move(digest));
}

std::string ImageRef::str() const {
  std::string text = name_;
  if (tag_) text += ':' + tag_->str();
  if (digest_) text += '@' + digest_->str();
  return text;
}

}  // namespace longshore
