// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/event.h"
#include "pipeline/policy.h"

namespace longshore {

// One tag of a repository's history, as it stands now.
struct Candidate {
  Tag tag;
  std::optional<Digest> digest;     // unknown where neither the sender nor the registry told
  Seq seq = 0;                      // of the last event that spoke of it
  std::optional<EventId> event;     // that event's id
  std::optional<Time> occurred_at;  // by the sender's clock
  Time first_seen{};                // the tag with this digest, by our clock
  // The tag names another digest by now: this one is only written by its digest. What the tag names
  // is a candidate beside it, with a later seq.
  bool moved_on = false;
  // Known from a list of tags alone: when it was pushed nobody knows, so it is never the newest.
  bool listed = false;
};

// What is not tried again for one container: this digest, or this tag where no digest is known.
struct Hold {
  std::string target;
  std::string workload;
  std::string container;  // empty: each container of the workload
  Repository repository;
  std::optional<Digest> digest;
  std::optional<Tag> tag;
  std::string reason;
  // A person set something lower than the tag: what the policy ranks at or below it is held as
  // well. Not under digest, which ranks no tags; a tag without a place in the policy's order is
  // held alone.
  bool and_below = false;
  std::string actor{};  // who said so; empty: Longshore itself
  Time since{};
};

enum class Verdict { update, skip, wait, conflict };

std::string_view name_of(Verdict verdict) noexcept;  // "update"

// What becomes of one container, and why.
struct Decision {
  Verdict verdict = Verdict::skip;
  // A sentence for the audit: "1.4.3 is the highest of 5 tags in ~1.4; 1.4.2 runs now".
  std::string reason;
  std::optional<ImageRef> to;  // for update: what is to stand there
  // For update and wait: the candidate that won. Also for a skip that only lacks its digest, so
  // that the registry can be asked for it.
  std::optional<Candidate> winner;
  // When a candidate that is too young now and better than what wins, or than what runs where none
  // does, is old enough: decide again then.
  std::optional<Time> due;
};

// Why one candidate is not the winner; what `longshore policy` prints.
struct Verdicts {
  struct Line {
    Tag tag;
    bool wins = false;
    std::string why;
  };
  Decision decision;
  std::vector<Line> candidates;  // best first, then the too young, then the refused by tag
};

// The one function that decides, for one container. Pure: no I/O, no clock, no state; the same
// arguments give the same answer in whatever order the candidates come. `holds` are those of this
// container; one of another repository does not count. It never chooses a version that is not above
// the current one, nor a tag that holds signatures or referrers.
//
//   semver  the highest candidate in range above the current tag; a current tag that is no
//           version, or none beside a digest: skip. Two tags of one version ("1.4", "1.4.0"): the
//           one with the form of the current tag (same number of dots, same "v"), else the lesser
//           by bytes. The current tag with a new digest is not followed; where the one that is
//           written tells, the reason says so.
//   digest  the current tag (latest if none is written), if its candidate's digest is another than
//           the one that is written, or if none is; a candidate of unknown digest: skip, since
//           nothing can be compared. A digest without a tag: skip, there is nothing to follow.
//           Pin::tag: skip, since a tag that stays cannot show a new digest.
//   never   skip.
//
// Pin::automatic and Pin::digest need the winner's digest where they write one; unknown: skip, the
// reason says so.
//
// min_age: a candidate that was first seen less than that before `now` is none yet; the best that
// is old enough wins. Where nothing wins because of age alone: wait, with the best of the young.
// What a tag named before it moved on is written tag@digest, so Pin::tag refuses it. Under digest
// it counts only while what the tag names now is too young, and never replaces a later push of the
// tag: so that the push that runs can be told, it should be among the candidates as well.
//
// A listed candidate is none where pushes are compared by age: newest, the same for a glob or
// regexp on tags that are no versions, Keel's force, and Keel's others on such tags.
Decision decide(const PolicySettings& settings, const ImageRef& current,
                std::span<const Candidate> candidates, std::span<const Hold> holds, Time now);

// The same decision with a line for each candidate.
Verdicts explain(const PolicySettings& settings, const ImageRef& current,
                 std::span<const Candidate> candidates, std::span<const Hold> holds, Time now);

}  // namespace longshore
