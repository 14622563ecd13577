// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_policy.h"

#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "pipeline/clock.h"
#include "pipeline/decision.h"
#include "pipeline/min_age.h"

namespace longshore {
namespace {

struct PolicyArguments {
  std::string policy;
  std::string current;
  std::vector<std::string> tags;
  std::string pin = "automatic";
  bool prerelease = false;
  std::string min_age = "0";
  std::string held;
};

Pin pin_of(const std::string& text) {
  return text == "tag" ? Pin::tag : text == "digest" ? Pin::digest : Pin::automatic;
}

// "1.4.3", "latest@sha256:…", and with an age "1.4.3=2h"; without one it is old enough for all.
Result<Candidate> parse_candidate(std::string_view text, Seq seq, Time now) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const std::size_t at = name.find('@');
  auto tag = Tag::parse(name.substr(0, at));
  if (!tag) return std::move(tag).error();
  Candidate candidate{*std::move(tag), std::nullopt, seq, std::nullopt, std::nullopt};
  if (at != std::string_view::npos) {
    auto digest = Digest::parse(name.substr(at + 1));
    if (!digest) return std::move(digest).error();
    candidate.digest = *std::move(digest);
  }
  if (equals != std::string_view::npos) {
    const auto age = parse_min_age(text.substr(equals + 1));
    if (!age) return age.error();
    candidate.first_seen = now - *age;
  }
  return candidate;
}

// A tag that is given again with another digest has moved on from the one before.
Result<std::vector<Candidate>> parse_candidates(const std::vector<std::string>& texts, Time now) {
  std::vector<Candidate> candidates;
  for (const std::string& text : texts) {
    auto candidate = parse_candidate(text, candidates.size() + 1, now);
    if (!candidate) return std::move(candidate).error();
    for (Candidate& earlier : candidates) {
      if (earlier.tag == candidate->tag) earlier.moved_on = earlier.digest != candidate->digest;
    }
    candidates.push_back(*std::move(candidate));
  }
  return candidates;
}

// As if a person had set the current image where Longshore had written that tag.
Result<std::vector<Hold>> parse_held(const std::string& text, const ImageRef& current) {
  if (text.empty()) return std::vector<Hold>();
  auto tag = Tag::parse(text);
  if (!tag) return std::move(tag).error();
  Hold hold{{}, {}, {}, current.repository(), {}, *std::move(tag), {}, true};
  hold.reason = "a person went back from " + text;
  return std::vector<Hold>{std::move(hold)};
}

Result<PolicySettings> parse_settings(const PolicyArguments& arguments) {
  auto policy = parse_policy(arguments.policy);
  if (!policy) return std::move(policy).error();
  const auto min_age = parse_min_age(arguments.min_age);
  if (!min_age) return min_age.error();
  return PolicySettings{*std::move(policy), pin_of(arguments.pin), arguments.prerelease, *min_age};
}

int print_json(const Verdicts& verdicts) {
  nlohmann::ordered_json document;
  document["decision"] = name_of(verdicts.decision.verdict);
  if (verdicts.decision.winner) document["tag"] = verdicts.decision.winner->tag.str();
  document["reason"] = verdicts.decision.reason;
  if (verdicts.decision.due) document["due"] = format_time(*verdicts.decision.due);
  document["candidates"] = nlohmann::ordered_json::array();
  for (const Verdicts::Line& line : verdicts.candidates) {
    document["candidates"].push_back(
        {{"tag", line.tag.str()}, {"wins", line.wins}, {"why", line.why}});
  }
  return print(document.dump() + "\n") ? kExitOk : kExitFailed;
}

// "update to 1.4.3", "wait for 1.4.4", "skip"
std::string headline(const Decision& decision) {
  const bool update = decision.verdict == Verdict::update;
  std::string text = coloured(name_of(decision.verdict), update ? Colour::green : Colour::yellow);
  if (update) return text + " to " + decision.winner->tag.str();
  if (decision.verdict == Verdict::wait) return text + " for " + decision.winner->tag.str();
  return text;
}

int print_text(const Verdicts& verdicts, const ImageRef& current, Time now) {
  const Decision& decision = verdicts.decision;
  std::string out = headline(decision) + ": " + printable(decision.reason) + "\n\n";
  out += "now:   " + current.str() + "\n";
  if (decision.to) out += "then:  " + decision.to->str() + "\n";
  if (decision.due) {
    const auto in = std::chrono::ceil<std::chrono::seconds>(*decision.due - now);
    out += "again: in " + in_words(in, 2) + ", at " + format_time(*decision.due) + "\n";
  }
  Table table({"TAG", "", "WHY"});
  for (const Verdicts::Line& line : verdicts.candidates) {
    table.add({line.tag.str(), line.wins ? "wins" : "", line.why});
  }
  if (!table.empty()) out += "\n" + table.str();
  return print(out) ? kExitOk : kExitFailed;
}

int run_policy(const PolicyArguments& arguments, bool json) {
  const Time now = SystemClock().now();
  const auto settings = parse_settings(arguments);
  if (!settings) return fail(kExitUsage, settings.error().message);
  const auto current = parse_image_or_tag(arguments.current);
  if (!current) return fail(current.error());
  const auto candidates = parse_candidates(arguments.tags, now);
  if (!candidates) return fail(candidates.error());
  const auto holds = parse_held(arguments.held, *current);
  if (!holds) return fail(holds.error());
  const Verdicts verdicts = explain(*settings, *current, *candidates, *holds, now);
  return json ? print_json(verdicts) : print_text(verdicts, *current, now);
}

}  // namespace

void add_policy(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("policy", "Show what a policy decides for some tags, and why");
  const auto arguments = std::make_shared<PolicyArguments>();
  command
      ->add_option("-p,--policy", arguments->policy,
                   "For example 'semver:~1.4', 'newest:main-.*' or 'digest'")
      ->required()
      ->type_name("POLICY");
  command->add_option("--current", arguments->current, "What runs now: a tag or a whole image")
      ->required()
      ->type_name("IMAGE|TAG");
  command->add_option("--pin", arguments->pin, "How an update is written")
      ->check(CLI::IsMember({"automatic", "tag", "digest"}))
      ->capture_default_str();
  command->add_flag("--prerelease", arguments->prerelease, "Prereleases are candidates, too");
  command
      ->add_option("--min-age", arguments->min_age,
                   "How long a tag has to be known before it is a candidate: 30m, 12h, 3d")
      ->type_name("AGE");
  command
      ->add_option("--held", arguments->held,
                   "What Longshore had written when a person set something lower: it and what is "
                   "below it are held")
      ->type_name("TAG");
  add_json_flag(*command, line);
  command
      ->add_option("tags", arguments->tags,
                   "The tags to choose from, in the order in which they were pushed; with a digest "
                   "as TAG@sha256:…, with an age as TAG=2h")
      ->type_name("TAG");
  command->footer("Exit code 0 whatever is decided; 2 for a policy, tag or age that is none.");
  command->callback([&line, arguments] {
    line.run = [&line, arguments] { return run_policy(*arguments, line.json); };
  });
}

}  // namespace longshore
