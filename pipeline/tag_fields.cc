// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "pipeline/bars.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

using FieldResult = Result<std::unique_ptr<TagField>>;

Error without_place(const Question& question, const std::string& why, std::string_view policy) {
  const std::string unwritten =
      question.current.tag() ? "" : "no tag is written, which means latest; ";
  return {Errc::invalid_input,
          unwritten + why + "; " + std::string(policy) + " has nothing to compare with"};
}

// By semantic versioning, of the part that the filter picks.
class VersionField : public TagField {
 public:
  VersionField(const PolicySettings& settings, const SemverPolicy& policy, Version current)
      : range_(policy.range),
        prereleases_(settings.prerelease || (range_ && range_->names_prerelease())) {
    floor_ = std::move(current);
    if (!range_) return;
    words_.one = "tag";
    words_.many = "tags";
    words_.scope = " in " + range_->str();
    words_.none = "no tag is in " + range_->str();
  }

  Place place(const Candidate& candidate) const override {
    auto version = Version::of(candidate.tag.str());
    if (!version) return {};
    Fit fit = Fit::competes;
    if (range_ && !range_->contains(*version)) {
      fit = Fit::outside;
    } else if (!prereleases_ && !version->prerelease().empty()) {
      fit = Fit::unwanted;
    }
    return {fit, SortKey(*std::move(version))};
  }

  std::string why_not(Fit fit, const Tag&) const override {
    if (fit == Fit::unwanted) return "is a prerelease, and prereleases are not asked for";
    if (fit == Fit::outside) return "is not in " + range_->str();
    return "is no version";
  }

 private:
  std::optional<VersionRange> range_;
  bool prereleases_;
};

class CalendarField : public TagField {
 public:
  CalendarField(const CalverLayout& layout, std::vector<std::uint64_t> current) : layout_(layout) {
    floor_ = std::move(current);
    words_.policy = "calver";
    words_.scope = " like " + layout.str();
    words_.none = "no tag is like " + layout.str();
  }

  Place place(const Candidate& candidate) const override {
    auto numbers = layout_.read(candidate.tag.str());
    if (!numbers) return {};
    return {Fit::competes, SortKey(*std::move(numbers))};
  }

  std::string why_not(Fit, const Tag&) const override { return "is not like " + layout_.str(); }

 private:
  const CalverLayout& layout_;
};

// How a field of an OrderedPolicy speaks; `unfiltered` ends "no tag …" where there is no filter.
FieldWords filtered_words(const TagFilter& filter, TagOrder order, std::string_view unfiltered) {
  FieldWords words;
  words.one = "tag";
  words.many = "tags";
  words.policy = filter.kind() == TagFilter::Kind::glob       ? "glob"
                 : filter.kind() == TagFilter::Kind::anywhere ? "regexp"
                                                              : name_of(order);
  if (filter.kind() == TagFilter::Kind::any) {
    words.none = "no tag " + std::string(unfiltered);
  } else {
    words.scope = " matching " + in_quotes(filter.str());
    words.none = "no tag matches " + in_quotes(filter.str());
  }
  return words;
}

// By the part that the filter picks.
class PartField : public TagField {
 public:
  PartField(const OrderedPolicy& policy, TagOrder order) : filter_(policy.filter), order_(order) {
    words_ = filtered_words(
        filter_, order,
        order == TagOrder::alphabetical ? "is known" : "is a " + std::string(noun()));
    words_.same = order == TagOrder::numeric  ? "has the same number"
                  : order == TagOrder::semver ? "is the same version"
                                              : "is the same";
  }

  Status set_current(const Question& question, const Tag& current) {
    const auto part = filter_.part_of(current.str());
    floor_ = key_of(part.value_or(current.str()));
    if (floor_) return Done{};
    return without_place(question, in_quotes(current.str()) + " holds no " + std::string(noun()),
                         words_.policy);
  }

  Place place(const Candidate& candidate) const override {
    const auto part = filter_.part_of(candidate.tag.str());
    if (!part) return {};
    auto key = key_of(*part);
    if (!key) return {};
    return {Fit::competes, std::move(key)};
  }

  std::string why_not(Fit, const Tag& tag) const override {
    if (filter_.kind() == TagFilter::Kind::any) return "is no " + std::string(noun());
    const std::string pattern = in_quotes(filter_.str());
    if (!filter_.part_of(tag.str())) return "does not match " + pattern;
    return "has no " + std::string(noun()) + " where " + pattern + " looks for it";
  }

 private:
  std::string_view noun() const {
    return order_ == TagOrder::numeric ? "number" : order_ == TagOrder::semver ? "version" : "text";
  }

  std::optional<SortKey> key_of(std::string_view part) const {
    if (order_ == TagOrder::semver) {
      auto version = Version::of(part);
      if (!version) return std::nullopt;
      return SortKey(*std::move(version));
    }
    if (order_ == TagOrder::alphabetical) return SortKey(std::string(part));
    if (part.empty() || !std::all_of(part.begin(), part.end(), is_digit)) return std::nullopt;
    part.remove_prefix(std::min(part.find_first_not_of('0'), part.size()));
    return SortKey(Number{std::string(part)});
  }

  const TagFilter& filter_;
  TagOrder order_;
};

// The microseconds of the senders' clocks count only if every tag that is looked at has one.
bool all_have_times(const Question& question, const TagFilter& filter) {
  return std::all_of(
      question.candidates.begin(), question.candidates.end(), [&](const Candidate& candidate) {
        return candidate.occurred_at || candidate.listed || !filter.part_of(candidate.tag.str());
      });
}

// By age. A current tag that nobody told of counts as pushed before all others.
class AgeField : public TagField {
 public:
  // order: newest, or automatic, where versions take no part.
  AgeField(const Question& question, const TagFilter& filter, const Tag& current, TagOrder order)
      : filter_(filter),
        versions_(order == TagOrder::newest),
        by_time_(all_have_times(question, filter)) {
    words_ = filtered_words(filter, order, "competes");
    words_.best = "newest";
    words_.same = "was pushed together";
    words_.below = "was pushed before";
    words_.above = "was pushed after it";
    for (const Candidate& candidate : question.candidates) {
      if (candidate.tag != current || candidate.listed) continue;
      floor_ = std::max<std::optional<SortKey>>(floor_, SortKey(age_of(candidate)));
    }
  }

  Place place(const Candidate& candidate) const override {
    const auto part = filter_.part_of(candidate.tag.str());
    if (!part) return {};
    if (candidate.listed) return {Fit::undated, std::nullopt};
    const Fit fit = versions_ || !Version::of(*part) ? Fit::competes : Fit::outside;
    return {fit, SortKey(age_of(candidate))};
  }

  std::string why_not(Fit fit, const Tag&) const override {
    if (fit == Fit::outside) return "is a version, and what runs now is none";
    return "does not match " + in_quotes(filter_.str());
  }

 protected:
  Age age_of(const Candidate& candidate) const {
    if (!by_time_ || !candidate.occurred_at) return {0, candidate.seq};
    const auto since = candidate.occurred_at->time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::microseconds>(since).count(), candidate.seq};
  }

 private:
  const TagFilter& filter_;
  bool versions_;
  bool by_time_;
};

const TagFilter kAny;

// The last push alone, of those that may be taken now: were an earlier one taken, the last could
// follow from there, and a version be replaced by a lower one on a detour.
class ForceField : public AgeField {
 public:
  ForceField(const Question& question, const Tag& current)
      : AgeField(question, kAny, current, TagOrder::newest),
        current_(current),
        version_(Version::of(current.str())) {
    words_.policy = "force";
    words_.follows = true;
    for (const Candidate& candidate : question.candidates) {
      if (candidate.listed) listed_.insert(candidate.tag.str());
    }
  }

  void set_last(const Question& question) {
    const Bars bars(question, *this);
    for (const Candidate& candidate : question.candidates) {
      if (candidate.tag.is_companion() || is_undated(candidate)) continue;
      const Age age = age_of(candidate);
      if (bars.on(candidate, SortKey(age)) == Bar::none) last_ = std::max(last_, age);
    }
  }

  Place place(const Candidate& candidate) const override {
    if (is_undated(candidate)) return {Fit::undated, std::nullopt};
    const SortKey key(age_of(candidate));
    if (candidate.tag == current_) return {Fit::competes, key};
    if (age_of(candidate) < last_) return {Fit::outside, key};
    const auto version = Version::of(candidate.tag.str());
    const bool not_higher = version_ && version && *version <= *version_;
    return {not_higher ? Fit::unwanted : Fit::competes, key};
  }

  std::string why_not(Fit fit, const Tag&) const override {
    return fit == Fit::unwanted ? "is not a higher version than what runs now"
                                : "was not pushed last";
  }

 private:
  // Another push of a listed tag is undated as well: what was listed would be followed from there.
  bool is_undated(const Candidate& candidate) const {
    return listed_.contains(candidate.tag.str());
  }

  const Tag& current_;
  std::optional<Version> version_;
  std::set<std::string_view> listed_;
  Age last_;
};

// Keel 0.22, semver (rules 1 to 6 of its policy).
class KeelField : public TagField {
 public:
  using Reach = KeelPolicy::Reach;

  // current empty: "latest", for which any tag is taken, versions first.
  KeelField(const PolicySettings& settings, Reach reach, std::optional<Version> current)
      : reach_(reach),
        match_prerelease_(!settings.prerelease && reach != Reach::all),
        current_(std::move(current)) {
    if (current_) floor_ = *current_;
    words_.policy = name_of(reach);
    words_.scope = current_ ? within() : "";
    words_.none = "no tag is a version" + words_.scope;
    if (current_) return;
    words_.one = "tag";
    words_.many = "tags";
  }

  Place place(const Candidate& candidate) const override {
    auto version = Version::of(candidate.tag.str());
    if (!version) {
      if (current_) return {};
      if (candidate.listed) return {Fit::undated, std::nullopt};
      return {Fit::competes, SortKey(Age{0, candidate.seq})};
    }
    const Fit fit = fit_of(*version);
    return {fit, SortKey(*std::move(version))};
  }

  std::string why_not(Fit fit, const Tag&) const override {
    if (fit == Fit::outside) return "is not" + within();
    if (fit == Fit::unordered) return "is no version";
    return "does not have the prerelease of what runs now";
  }

 private:
  Fit fit_of(const Version& version) const {
    if (!current_) return Fit::competes;
    const bool minor = version.major() == current_->major();
    const bool patch = minor && version.minor() == current_->minor();
    if ((reach_ == Reach::minor && !minor) || (reach_ == Reach::patch && !patch)) {
      return Fit::outside;
    }
    const bool same = version.prerelease() == current_->prerelease();
    return match_prerelease_ && !same ? Fit::unwanted : Fit::competes;
  }

  std::string within() const {
    if (reach_ == Reach::minor) return " within " + std::to_string(current_->major());
    if (reach_ != Reach::patch) return "";
    return " within " + std::to_string(current_->major()) + "." + std::to_string(current_->minor());
  }

  Reach reach_;
  bool match_prerelease_;
  std::optional<Version> current_;
};

// "3050" is a version to Keel where it runs now.
std::optional<Version> lenient_version(const Tag& tag) {
  if (auto version = Version::of(tag.str())) return version;
  return Version::of(tag.str() + ".0");
}

}  // namespace

FieldResult make_field(const Question& question, const SemverPolicy& policy, const Tag& current) {
  auto version = Version::parse(current.str());
  if (!version) return without_place(question, version.error().message, "semver");
  return FieldResult(
      std::make_unique<VersionField>(question.settings, policy, *std::move(version)));
}

FieldResult make_field(const Question& question, const KeelPolicy& policy, const Tag& current) {
  const bool latest = current.str() == "latest";
  auto version = latest ? std::nullopt : lenient_version(current);
  if (!latest && !version) {
    return without_place(question, in_quotes(current.str()) + " is no version", to_string(policy));
  }
  return FieldResult(
      std::make_unique<KeelField>(question.settings, policy.reach, std::move(version)));
}

FieldResult make_field(const Question& question, const CalverPolicy& policy, const Tag& current) {
  auto numbers = policy.layout.read(current.str());
  if (!numbers) {
    return without_place(question, in_quotes(current.str()) + " is not like " + policy.layout.str(),
                         "calver");
  }
  return FieldResult(std::make_unique<CalendarField>(policy.layout, *std::move(numbers)));
}

FieldResult make_field(const Question& question, const OrderedPolicy& policy, const Tag& current) {
  TagOrder order = policy.order;
  const std::string_view part =
      policy.filter.part_of(current.str()).value_or(std::string_view(current.str()));
  if (order == TagOrder::automatic && Version::of(part)) order = TagOrder::semver;
  if (order == TagOrder::automatic || order == TagOrder::newest) {
    return FieldResult(std::make_unique<AgeField>(question, policy.filter, current, order));
  }
  auto field = std::make_unique<PartField>(policy, order);
  if (auto set = field->set_current(question, current); !set) return std::move(set).error();
  return FieldResult(std::move(field));
}

std::unique_ptr<TagField> make_force_field(const Question& question, const Tag& current) {
  auto field = std::make_unique<ForceField>(question, current);
  field->set_last(question);
  return field;
}

}  // namespace longshore
