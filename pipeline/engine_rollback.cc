// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "pipeline/engine_people.h"
#include "pipeline/named_image.h"

namespace longshore {
namespace {

std::string name_of(const Workload& workload) {
  return workload.target + ": " + workload.id;
}

const Container* find(const Workload& workload, const std::string& name) {
  const auto found = std::ranges::find_if(
      workload.containers, [&](const Container& container) { return container.name == name; });
  return found == workload.containers.end() ? nullptr : &*found;
}

Error nothing_known(const Workload& workload) {
  return {Errc::conflict,
          "it is not known what " + name_of(workload) + " ran before: say where to with --to TAG"};
}

// Holds what runs now, so that the policy does not bring it back.
Hold hold_on_current(const Action& action, const ContainerChange& change,
                     const std::string& actor) {
  return Hold{.target = action.target,
              .workload = action.workload,
              .container = change.container,
              .repository = action.repository,
              .digest = change.from.digest(),
              .tag = change.from.effective_tag(),
              .reason = "rolled back by " + actor + " to " + change.to.str(),
              .and_below = true,
              .actor = actor,
              .since = action.created};
}

// Whether a person or a failure has said of this very image that it is not to come back.
const Hold* hold_on_image(std::span<const Hold> holds, const ImageRef& image) {
  const auto found = std::ranges::find_if(holds, [&](const Hold& hold) {
    if (hold.digest && image.digest()) return hold.digest == image.digest();
    return hold.tag && hold.tag == image.effective_tag();
  });
  return found == holds.end() ? nullptr : &*found;
}

}  // namespace

Status EnginePeople::may_roll_back(const Workload& workload) const {
  if (context_.setup.get()->observed.contains(workload.target)) {
    return Error{Errc::conflict,
                 "target " + workload.target + " is only observed: nothing is changed there"};
  }
  const std::lock_guard lock(reader_mutex_);
  auto open = reader_.open_actions();
  if (!open) return std::move(open).error();
  const bool in_flight = std::ranges::any_of(*open, [&](const Action& action) {
    return action.target == workload.target && action.workload == workload.id &&
           action.state == ActionState::in_flight;
  });
  if (!in_flight) return Done{};
  return Error{Errc::conflict,
               "a change of " + name_of(workload) + " is on its way: try again when it has ended"};
}

// What stood there before; by its digest where the tag now names another image, or the same tag
// runs now.
Result<ImageRef> EnginePeople::by_digest_if_moved(const LastWrite& written,
                                                  const ImageRef& current) const {
  const auto& tag = written.from.tag();
  if (written.from.digest() || !written.from_digest) return written.from;
  const ImageRef by_digest = written.from.with(tag, written.from_digest);
  if (!tag || current.tag() == tag) return by_digest;
  const std::lock_guard lock(reader_mutex_);
  auto states = reader_.current_tags(written.from.repository(), std::span(&*tag, 1));
  if (!states) return std::move(states).error();
  const auto at = states->find(*tag);
  const bool moved =
      at != states->end() && at->second.digest && at->second.digest != written.from_digest;
  return moved ? by_digest : written.from;
}

// The containers that our last completed action has changed go back together.
Result<std::vector<ContainerChange>> EnginePeople::way_back(const Workload& workload) const {
  auto written = [&] {
    const std::lock_guard lock(reader_mutex_);
    return reader_.people().written(workload.target, workload.id);
  }();
  if (!written) return std::move(written).error();
  if (written->empty()) return nothing_known(workload);
  const ActionId last =
      std::ranges::max_element(*written, {}, [](const LastWrite& one) { return one.at; })->action;
  std::vector<ContainerChange> changes;
  for (const LastWrite& one : *written) {
    const Container* container = find(workload, one.container);
    if (one.action != last || container == nullptr) continue;
    auto to = by_digest_if_moved(one, container->image);
    if (!to) return std::move(to).error();
    if (*to == container->image) continue;
    if (to->repository() != container->image.repository()) return nothing_known(workload);
    const auto holds = holds_on(*context_.people.holds(to->repository()), workload, one.container);
    if (const Hold* hold = hold_on_image(holds, *to)) {
      return Error{Errc::conflict, to->str() + " ran before, and it is held: " + hold->reason +
                                       "; if it is meant, say so with --to"};
    }
    changes.push_back({one.container, container->image, *to, container->image.digest()});
  }
  if (changes.empty()) {
    return Error{Errc::conflict, name_of(workload) +
                                     " already runs what ran before the last change: say where to "
                                     "with --to TAG"};
  }
  return changes;
}

Result<std::vector<ContainerChange>> EnginePeople::changes_to(const Workload& workload,
                                                              const std::string& to) const {
  const auto name = ImageName::parse(to);
  if (!name) return name.error();
  const auto meant = containers_meant(workload, *name, {}, context_.setup.get()->rules);
  if (!meant) return meant.error();
  std::vector<ContainerChange> changes;
  for (const Container& container : *meant) {
    const ImageRef image = container.image.with(name->tag, name->digest);
    if (image == container.image) continue;
    changes.push_back({container.name, container.image, image, container.image.digest()});
  }
  if (!changes.empty()) return changes;
  return Error{Errc::conflict, name_of(workload) + " already runs " + name->str()};
}

Result<RolledBack> EnginePeople::rollback(const Scope& scope, const std::string& to,
                                          const std::string& actor) {
  const auto workload = live(scope);
  if (!workload) return workload.error();
  if (auto status = may_roll_back(**workload); !status) return std::move(status).error();
  auto changes = to.empty() ? way_back(**workload) : changes_to(**workload, to);
  if (!changes) return std::move(changes).error();

  const Time now = context_.clock.now();
  RolledBack made{Action{.id = ActionId::make(now),
                         .target = (*workload)->target,
                         .workload = (*workload)->id,
                         .repository = changes->front().from.repository(),
                         .changes = *std::move(changes),
                         .event = EventId::make(now),
                         .seq = 0,
                         .reason = "rollback by " + actor,
                         .state = ActionState::ready,
                         .attempts = 0,
                         .created = now,
                         .due = now,
                         .error = {},
                         .way_back = true},
                  {}};
  AuditEntry entry = line("rolled back", actor);
  entry.id = made.action.event;
  entry.image = made.action.repository.str();
  entry.workload = name_of(**workload);
  entry.reason = made.action.reason;
  for (const ContainerChange& change : made.action.changes) {
    made.holds.push_back(hold_on_current(made.action, change, actor));
    const std::string separator = entry.to.empty() ? "" : ", ";
    entry.from += separator + change.from.str();
    entry.to += separator + change.to.str();
  }
  auto status = context_.journal.run([&](StoreWriter& writer) -> Status {
    auto is_new = writer.insert_action(made.action);
    if (!is_new) return std::move(is_new).error();
    if (!*is_new) return Error{Errc::conflict, "the same change is on its way already"};
    if (auto audited = writer.audit(entry); !audited) return audited;
    for (const Hold& hold : made.holds) {
      if (auto held = context_.people.hold(writer, hold); !held) return held;
    }
    return Done{};
  });
  if (!status) return std::move(status).error();
  if (const auto outbox = context_.setup.get()->outbox_of(made.action.target)) {
    outbox->add(made.action);
  }
  return made;
}

}  // namespace longshore
