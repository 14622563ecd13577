// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/decision.h"

namespace longshore::test {

// A short way to write what decide() is asked, for tables:
//
//   policy  "semver:~1.4;pin=digest;prerelease"; "force" is Keel's without matchTag
//   image   "app:1.4.2@a", where "@a" stands for "@sha256:aaaa…"
//   tags    "1.4.2 1.4.3@b !1.4.4 !@c": tags with or without a digest; after "!" a hold on a tag or
//           a digest, whose reason is "its rollout failed"

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
  }
  return made;
}

struct Known {
  std::vector<Candidate> candidates;
  std::vector<Hold> holds;
};

inline Hold hold(const ImageRef& current, std::string_view what) {
  Hold made{"prod", "web", "app", current.repository(), {}, {}, "its rollout failed"};
  if (what.starts_with('@')) {
    made.digest = digest(what.back());
  } else {
    made.tag = tag(what);
  }
  return made;
}

inline Candidate candidate(std::string_view text, Seq seq) {
  const std::size_t at = text.find('@');
  Candidate made{tag(text.substr(0, at)), {}, seq, {}, {}};
  if (at != std::string_view::npos) made.digest = digest(text.back());
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
  return decide(settings(policy), from, history.candidates, history.holds, Time{});
}

inline Verdicts explain_text(std::string_view policy, std::string_view current,
                             std::string_view tags) {
  const ImageRef from = image(current);
  const Known history = known(from, tags);
  return explain(settings(policy), from, history.candidates, history.holds, Time{});
}

}  // namespace longshore::test
