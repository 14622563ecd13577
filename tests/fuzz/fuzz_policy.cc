// SPDX-License-Identifier: Apache-2.0
//
// Does decide() keep its promises for any policy and any tags? An input is lines of text:
//
//   semver:~1.4           the policy
//   app:1.4.2@a           what runs; "@a" stands for "@sha256:aaaa…"
//   pd                    p: prereleases, d: pin by digest, t: pin by tag
//   1.4.3@b               a tag, with or without a digest
//   !1.4.4                a hold on a tag
//   !@b                   a hold on a digest
//
// What does not parse is left out, so that the rest of a mutated input still asks something.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/pipeline/decide_properties.h"

namespace {

using longshore::Candidate;
using longshore::Digest;
using longshore::Hold;
using longshore::ImageRef;
using longshore::Pin;
using longshore::PolicySettings;
using longshore::Tag;
using longshore::test::Asked;

constexpr std::size_t kMaxCandidates = 64;

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return line;
}

struct Named {
  std::string_view name;
  std::optional<Digest> digest;
};

Named split(std::string_view line) {
  const std::size_t at = line.find('@');
  if (at == std::string_view::npos || at + 2 != line.size()) return {line, std::nullopt};
  auto digest = Digest::parse("sha256:" + std::string(64, line.back()));
  if (!digest) return {line.substr(0, at), std::nullopt};
  return {line.substr(0, at), *std::move(digest)};
}

std::optional<Asked> start(std::string_view policy_line, std::string_view image_line,
                           std::string_view options) {
  auto policy = longshore::parse_policy(policy_line);
  const Named named = split(image_line);
  const auto image = ImageRef::parse(named.name);
  if (!policy || !image) return std::nullopt;
  PolicySettings settings{*std::move(policy)};
  settings.prerelease = options.find('p') != std::string_view::npos;
  if (options.find('d') != std::string_view::npos) settings.pin = Pin::digest;
  if (options.find('t') != std::string_view::npos) settings.pin = Pin::tag;
  return Asked{std::move(settings), image->with(image->tag(), named.digest), {}, {}};
}

void add(Asked& asked, std::string_view line) {
  const bool is_hold = line.starts_with('!');
  Named named = split(is_hold ? line.substr(1) : line);
  auto tag = Tag::parse(named.name);
  if (is_hold) {
    Hold hold{"prod", "web", "app", asked.current.repository(), named.digest, {}, "it failed"};
    if (tag) hold.tag = *std::move(tag);
    asked.holds.push_back(std::move(hold));
  } else if (tag) {
    const longshore::Seq seq = asked.candidates.size() + 1;
    asked.candidates.push_back({*std::move(tag), std::move(named.digest), seq, {}, {}});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view policy = take_line(rest);
  const std::string_view image = take_line(rest);
  const std::string_view options = take_line(rest);
  auto asked = start(policy, image, options);
  if (!asked) return 0;
  while (!rest.empty() && asked->candidates.size() < kMaxCandidates)
    add(*asked, take_line(rest));
  if (const auto broken = longshore::test::broken_promise(*asked)) {
    std::fprintf(stderr, "%s\n", broken->c_str());
    std::abort();
  }
  return 0;
}
