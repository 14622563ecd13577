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
};

// What is not tried again for one container: this digest, or this tag where no digest is known.
struct Hold {
  std::string target;
  std::string workload;
  std::string container;
  Repository repository;
  std::optional<Digest> digest;
  std::optional<Tag> tag;
  std::string reason;
};

enum class Verdict { update, skip, wait, conflict };

std::string_view name_of(Verdict verdict) noexcept;  // "update"

// What becomes of one container, and why.
struct Decision {
  Verdict verdict = Verdict::skip;
  // A sentence for the audit: "1.4.3 is the highest of 5 tags in ~1.4; 1.4.2 runs now".
  std::string reason;
  std::optional<ImageRef> to;       // for update: what is to stand there
  std::optional<Candidate> winner;  // for update and wait: the candidate that won
};

// Why one candidate is not the winner; what `longshore policy` prints.
struct Verdicts {
  struct Line {
    Tag tag;
    bool wins = false;
    std::string why;
  };
  Decision decision;
  std::vector<Line> candidates;  // best first, then the refused by tag
};

// The one function that decides, for one container. Pure: no I/O, no clock, no state; the same
// arguments give the same answer in whatever order the candidates come. `holds` are those of this
// container. It never chooses a version that is not above the current one.
//
//   semver  the highest candidate in range above the current tag; a current tag that is no
//           version: skip. Two tags of one version ("1.4", "1.4.0"): the one with the form of the
//           current tag (same number of dots, same "v"), else the lesser by bytes.
//   digest  the current tag (latest if none is written), if its candidate's digest is another than
//           the one that is written; a candidate of unknown digest: skip, since nothing can be
//           compared.
//   never   skip.
//
// Pin::automatic and Pin::digest need the winner's digest where they write one; unknown: skip, the
// reason says so.
Decision decide(const PolicySettings& settings, const ImageRef& current,
                std::span<const Candidate> candidates, std::span<const Hold> holds, Time now);

// The same decision with a line for each candidate.
Verdicts explain(const PolicySettings& settings, const ImageRef& current,
                 std::span<const Candidate> candidates, std::span<const Hold> holds, Time now);

}  // namespace longshore
