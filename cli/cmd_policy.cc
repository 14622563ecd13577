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

namespace longshore {
namespace {

struct PolicyArguments {
  std::string policy;
  std::string current;
  std::vector<std::string> tags;
  std::string pin = "automatic";
  bool prerelease = false;
};

Pin pin_of(const std::string& text) {
  return text == "tag" ? Pin::tag : text == "digest" ? Pin::digest : Pin::automatic;
}

// "1.4.3" or "latest@sha256:…".
Result<Candidate> parse_candidate(std::string_view text, Seq seq) {
  const std::size_t at = text.find('@');
  auto tag = Tag::parse(text.substr(0, at));
  if (!tag) return std::move(tag).error();
  Candidate candidate{*std::move(tag), std::nullopt, seq, std::nullopt, std::nullopt};
  if (at == std::string_view::npos) return candidate;
  auto digest = Digest::parse(text.substr(at + 1));
  if (!digest) return std::move(digest).error();
  candidate.digest = *std::move(digest);
  return candidate;
}

int print_json(const Verdicts& verdicts) {
  nlohmann::ordered_json document;
  document["decision"] = name_of(verdicts.decision.verdict);
  if (verdicts.decision.winner) document["tag"] = verdicts.decision.winner->tag.str();
  document["reason"] = verdicts.decision.reason;
  document["candidates"] = nlohmann::ordered_json::array();
  for (const Verdicts::Line& line : verdicts.candidates) {
    document["candidates"].push_back(
        {{"tag", line.tag.str()}, {"wins", line.wins}, {"why", line.why}});
  }
  return print(document.dump() + "\n") ? kExitOk : kExitFailed;
}

int print_text(const Verdicts& verdicts) {
  const Decision& decision = verdicts.decision;
  const bool update = decision.verdict == Verdict::update;
  std::string out = coloured(name_of(decision.verdict), update ? Colour::green : Colour::yellow);
  if (decision.winner) out += " to " + decision.winner->tag.str();
  out += ": " + printable(decision.reason) + "\n";
  Table table({"TAG", "", "WHY"});
  for (const Verdicts::Line& line : verdicts.candidates) {
    table.add({line.tag.str(), line.wins ? "wins" : "", line.why});
  }
  if (!table.empty()) out += "\n" + table.str();
  return print(out) ? kExitOk : kExitFailed;
}

int run_policy(const PolicyArguments& arguments, bool json) {
  auto policy = parse_policy(arguments.policy);
  if (!policy) return fail(kExitUsage, policy.error().message);
  const auto current = parse_image_or_tag(arguments.current);
  if (!current) return fail(current.error());
  std::vector<Candidate> candidates;
  for (const std::string& text : arguments.tags) {
    auto candidate = parse_candidate(text, candidates.size() + 1);
    if (!candidate) return fail(candidate.error());
    candidates.push_back(*std::move(candidate));
  }
  const PolicySettings settings{*std::move(policy), pin_of(arguments.pin), arguments.prerelease};
  const Verdicts verdicts = explain(settings, *current, candidates, {}, SystemClock().now());
  return json ? print_json(verdicts) : print_text(verdicts);
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
  add_json_flag(*command, line);
  command
      ->add_option("tags", arguments->tags,
                   "The tags to choose from, in the order in which they were pushed; with a digest "
                   "as TAG@sha256:…")
      ->type_name("TAG");
  command->footer("Exit code 0 whatever is decided; 2 for a policy or tag that is none.");
  command->callback([&line, arguments] {
    line.run = [&line, arguments] { return run_policy(*arguments, line.json); };
  });
}

}  // namespace longshore
