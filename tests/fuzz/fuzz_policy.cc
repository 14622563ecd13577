// SPDX-License-Identifier: Apache-2.0
//
// Does decide() keep its promises for any policy and any tags? An input is lines of text:
//
//   semver:~1.4           the policy
//   app:1.4.2@a           what runs; "@a" stands for "@sha256:aaaa…"
//   pd3                   p: prereleases, d: pin by digest, t: pin by tag, 3: min-age 3 d
//   1.4.3@b=2             a tag, with or without a digest, 2 days old; without "=" it is old
//   was:1.4.3@a=5         what the tag named before
//   list:1.4.3            only a list of tags told of it
//   !1.4.4                a hold on a tag
//   !@b                   a hold on a digest
//   !<=1.5.0@b            a hold on what is below, too
//
// What does not parse is left out, so that the rest of a mutated input still asks something.
#include <algorithm>
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

constexpr longshore::Time kNow{std::chrono::hours(24 * 20'000)};
constexpr std::chrono::hours kDay(24);

bool take_prefix(std::string_view& line, std::string_view prefix) {
  if (!line.starts_with(prefix)) return false;
  line.remove_prefix(prefix.size());
  return true;
}

// "=2" off the end of the line: two days.
std::chrono::hours take_age(std::string_view& line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos || equals + 2 != line.size()) return 100 * kDay;
  const int days = line.back() - '0';
  line = line.substr(0, equals);
  return days * kDay;
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
  const std::size_t digit = options.find_first_of("123456789");
  if (digit != std::string_view::npos) settings.min_age = (options[digit] - '0') * kDay;
  return Asked{std::move(settings), image->with(image->tag(), named.digest), {}, {}, kNow};
}

void add_hold(Asked& asked, std::string_view line) {
  const bool and_below = take_prefix(line, "<=");
  const Named named = split(line);
  Hold hold{"prod", "web", "app", asked.current.repository(), named.digest, {}, "it failed"};
  if (auto tag = Tag::parse(named.name)) hold.tag = *std::move(tag);
  hold.and_below = and_below;
  asked.holds.push_back(std::move(hold));
}

void add_candidate(Asked& asked, std::string_view line) {
  const bool moved_on = take_prefix(line, "was:");
  const bool listed = !moved_on && take_prefix(line, "list:");
  const auto age = take_age(line);
  Named named = split(line);
  auto tag = Tag::parse(named.name);
  if (!tag) return;
  const bool is_known = std::any_of(asked.candidates.begin(), asked.candidates.end(),
                                    [&](const Candidate& other) { return other.tag == *tag; });
  if (moved_on && is_known) return;  // one at most, and before what the tag names now
  const longshore::Seq seq = asked.candidates.size() + 1;
  Candidate made{*std::move(tag), std::move(named.digest), seq, {}, {}};
  made.first_seen = kNow - age;
  made.moved_on = moved_on;
  made.listed = listed;
  asked.candidates.push_back(std::move(made));
}

void add(Asked& asked, std::string_view line) {
  take_prefix(line, "!") ? add_hold(asked, line) : add_candidate(asked, line);
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
