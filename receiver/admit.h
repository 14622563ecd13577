// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pipeline/event.h"
#include "pipeline/intake.h"
#include "receiver/decoder.h"
#include "receiver/options.h"

namespace longshore {

// Makes an event of a fact: decides which registry it speaks of, whether its source may speak of
// that, and what makes it the same delivery as another. Pure but for the id that it draws.
//
// * host: `host` of the source, else the host that the sender names, mapped by
//   registries[].aliases; then `prefix` before the path.
// * Recorded but not actionable, with the reason: a host that is neither the constant of the type
//   (docker.io, ghcr.io; native: both) nor configured (the source's `host`, a registry or an alias
//   of one); a repository outside the source's `images`; a tag that holds a signature; a kind other
//   than pushed and deleted; a blob; a push without a tag.
// * The delivery key is a hash of (source, delivery id, the fact's index in its notification),
// else,
//   where the sender gives its own event time, of (source, kind, repository, tag, digest, time);
//   else there is none and two identical bodies are two events.
// * The registry is not asked about it if the source says so, or the registry.
//
// Returns invalid_input where host or repository is none by the grammar, or no host is known.
Result<Event> admit(Fact fact, std::size_t index, const SourceOptions& source,
                    const RegistryNames& registries, Time now);

// What kind of noise the fact is, if it is: it is counted and never becomes an event. A pull, a
// blob, a push without a tag, and what is not about a repository or of a kind without use (other,
// ping).
std::optional<Noise> noise_of(const Fact& fact);

}  // namespace longshore
