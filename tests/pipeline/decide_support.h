// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/decision.h"
#include "pipeline/min_age.h"

namespace longshore::test {

// A short way to write what decide() is asked, for tables:
//
//   policy  "semver:~1.4;pin=digest;prerelease;min-age=3d"; "force" is Keel's without matchTag
//   image   "app:1.4.2@a", where "@a" stands for "@sha256:aaaa…"
//   tags    "1.4.2 1.4.3@b=2h was:1.4.3@a=5d list:1.4.4 !1.4.4 !@c !<=1.5.0 !<=1.5.0@d": tags with
//           or without a digest; after "=" the age, else they are old; after "was:" what the tag
//           named before, after "list:" what a list of tags alone told of; after "!" a hold on a
//           tag or a digest, whose reason is "its rollout failed"; after "!<=" one on what is
//           below, too

// When tables are decided.
inline constexpr Time kNow{std::chrono::hours(24 * 20'000)};

inline std::string expand(std::string_view text) {
  std::string out(text);
  const std::size_t at = out.find('@');
  if (at == std::string::npos || at + 2 != out.size()) return out;
  return out.substr(0, at) + "@sha256:" + std::string(64, out.back());
}

inline Digest digest(char c) {
  return *Digest::parse("sha256:" + std::string(64, c));
}
inline Tag tag(std::string_view text) {
  return *Tag::parse(text);
}
inline ImageRef image(std::string_view text) {
  return *ImageRef::parse(expand(text));
}

inline std::vector<std::string> words(std::string_view text, char separator = ' ') {
  std::vector<std::string> out;
  std::istringstream in{std::string(text)};
  for (std::string word; std::getline(in, word, separator);) {
    if (!word.empty()) out.push_back(word);
  }
  return out;
}

inline PolicySettings settings(std::string_view text) {
  const std::vector<std::string> parts = words(text, ';');
  PolicySettings made;
  made.policy = parts.at(0) == "force" ? Policy(ForcePolicy{}) : *parse_policy(parts.at(0));
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i] == "pin=digest") made.pin = Pin::digest;
    if (parts[i] == "pin=tag") made.pin = Pin::tag;
    if (parts[i] == "prerelease") made.prerelease = true;
    if (parts[i].starts_with("min-age=")) made.min_age = *parse_min_age(parts[i].substr(8));
  }
  return made;
}

struct Known {
  std::vector<Candidate> candidates;
  std::vector<Hold> holds;
};

inline Hold hold(const ImageRef& current, std::string_view what) {
  Hold made{"prod", "web", "app", current.repository(), {}, {}, "its rollout failed"};
  if (what.starts_with("<=")) {
    made.and_below = true;
    made.reason = "a person set something lower";
    what.remove_prefix(2);
  }
  const std::size_t at = what.find('@');
  if (at != 0) made.tag = tag(what.substr(0, at));
  if (at != std::string_view::npos) made.digest = digest(what.back());
  return made;
}

inline Candidate candidate(std::string_view text, Seq seq) {
  const bool moved_on = text.starts_with("was:");
  const bool listed = text.starts_with("list:");
  if (moved_on || listed) text.remove_prefix(text.find(':') + 1);
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const std::size_t at = name.find('@');
  Candidate made{tag(name.substr(0, at)), {}, seq, {}, {}};
  if (at != std::string_view::npos) made.digest = digest(name.back());
  if (equals != std::string_view::npos) {
    made.first_seen = kNow - *parse_min_age(text.substr(equals + 1));
  }
  made.moved_on = moved_on;
  made.listed = listed;
  return made;
}

inline Known known(const ImageRef& current, std::string_view tags) {
  Known made;
  for (const std::string& word : words(tags)) {
    if (word.front() == '!') {
      made.holds.push_back(hold(current, word.substr(1)));
    } else {
      made.candidates.push_back(candidate(word, made.candidates.size() + 1));
    }
  }
  return made;
}

inline Decision decide_text(std::string_view policy, std::string_view current,
                            std::string_view tags) {
  const ImageRef from = image(current);
  const Known history = known(from, tags);
  return decide(settings(policy), from, history.candidates, history.holds, kNow);
}

inline Verdicts explain_text(std::string_view policy, std::string_view current,
                             std::string_view tags) {
  const ImageRef from = image(current);
  const Known history = known(from, tags);
  return explain(settings(policy), from, history.candidates, history.holds, kNow);
}

}  // namespace longshore::test
