// SPDX-License-Identifier: Apache-2.0
#include "pipeline/engine_people.h"

#include <algorithm>
#include <set>

#include "pipeline/named_image.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

// The pause of exactly that place; null if there is none.
const Pause* find(const std::vector<Pause>& pauses, const Pause& place) {
  const auto found = std::ranges::find_if(pauses, [&](const Pause& pause) {
    return pause.target == place.target && pause.workload == place.workload;
  });
  return found == pauses.end() ? nullptr : &*found;
}

// Whether some workload is in both places.
bool overlap(const Pause& a, const Pause& b) {
  const auto meet = [](const std::string& x, const std::string& y) {
    return x.empty() || y.empty() || x == y;
  };
  return meet(a.target, b.target) && meet(a.workload, b.workload);
}

std::string name_of(const Pause& place) {
  if (place.target.empty()) return "everything";
  return place.workload.empty() ? "target " + place.target : place.target + ": " + place.workload;
}

bool is_on(const Hold& hold, const ImageName& name) {
  return (!name.repository || hold.repository == *name.repository) &&
         (!name.tag || hold.tag == name.tag) && (!name.digest || hold.digest == name.digest);
}

}  // namespace

Result<std::vector<WorkloadPtr>> EnginePeople::workloads_in(const Scope& scope) const {
  std::vector<WorkloadPtr> all;
  std::string known;
  bool found = scope.target.empty();
  const SetupPtr setup = context_.setup.get();
  for (const auto& outbox : setup->outboxes) {
    const std::string& name = outbox->target().name();
    known += (known.empty() ? "" : ", ") + name;
    if (!scope.target.empty() && name != scope.target) continue;
    found = true;
    for (WorkloadPtr& workload : outbox->target().workloads())
      all.push_back(std::move(workload));
  }
  if (found) return all;
  return Error{Errc::not_found, "there is no target " + in_quotes(scope.target) +
                                    (known.empty() ? "" : "; the targets are " + known)};
}

Result<WorkloadName> EnginePeople::name_in(const Scope& scope,
                                           std::vector<WorkloadName> besides) const {
  auto workloads = workloads_in(scope);
  if (workloads) {
    for (const WorkloadPtr& workload : *workloads)
      besides.push_back({workload->target, workload->id});
  }
  std::erase_if(besides, [&](const WorkloadName& name) {
    return !scope.target.empty() && name.target != scope.target;
  });
  if (!workloads && besides.empty()) return std::move(workloads).error();
  return find_workload(besides, scope.workload);
}

Result<WorkloadPtr> EnginePeople::live(const Scope& scope) const {
  auto workloads = workloads_in(scope);
  if (!workloads) return std::move(workloads).error();
  const auto name = name_in(scope, {});
  if (!name) return name.error();
  const auto found = std::ranges::find_if(*workloads, [&](const WorkloadPtr& workload) {
    return workload->target == name->target && workload->id == name->id;
  });
  if (found != workloads->end()) return *found;
  return Error{Errc::not_found, name->str() + " is gone"};
}

// The place that the scope names, as a pause that nobody has said yet.
Result<Pause> EnginePeople::place_of(const Scope& scope, const std::vector<Pause>& known) const {
  Pause place;
  if (scope.workload.empty()) {
    place.target = scope.target;
    if (find(known, place) != nullptr) return place;
    auto exists = workloads_in(scope);
    return exists ? Result<Pause>(place) : std::move(exists).error();
  }
  std::vector<WorkloadName> paused;
  for (const Pause& pause : known) {
    if (!pause.workload.empty()) paused.push_back({pause.target, pause.workload});
  }
  auto name = name_in(scope, std::move(paused));
  if (!name) return std::move(name).error();
  place.target = std::move(name->target);
  place.workload = std::move(name->id);
  return place;
}

// Has everything in that place decided again.
void EnginePeople::kick(const Pause& place) {
  std::set<Repository> repositories;
  const auto workloads = workloads_in({{}, place.target});
  if (!workloads) return;
  for (const WorkloadPtr& workload : *workloads) {
    if (!place.workload.empty() && workload->id != place.workload) continue;
    for (const Container& container : workload->containers)
      repositories.insert(container.image.repository());
  }
  for (const Repository& repository : repositories)
    context_.lanes.kick(repository);
}

AuditEntry EnginePeople::line(std::string_view step, const std::string& actor) const {
  AuditEntry line;
  line.time = context_.clock.now();
  line.step = step;
  line.actor = actor;
  return line;
}

AuditEntry EnginePeople::line(std::string_view step, const std::string& actor,
                              const Hold& hold) const {
  AuditEntry entry = line(step, actor);
  entry.workload = hold.target + ": " + hold.workload;
  if (!hold.container.empty()) entry.workload += " " + hold.container;
  entry.image = hold.repository.str();
  if (hold.tag) entry.image += ":" + hold.tag->str();
  if (hold.digest) entry.image += "@" + hold.digest->str();
  entry.reason = hold.reason;
  return entry;
}

AuditEntry EnginePeople::line(std::string_view step, const std::string& actor,
                              const Pause& pause) const {
  AuditEntry entry = line(step, actor);
  entry.workload = name_of(pause);
  entry.reason = pause.reason;
  return entry;
}

Result<Pause> EnginePeople::pause(const Scope& scope, const std::string& reason,
                                  const std::string& actor) {
  auto pause = place_of(scope, *context_.people.pauses());
  if (!pause) return pause;
  pause->reason = reason;
  pause->actor = actor;
  pause->since = context_.clock.now();
  auto status = context_.journal.run([&](StoreWriter& writer) -> Status {
    if (auto audited = writer.audit(line("paused", actor, *pause)); !audited) return audited;
    return context_.people.pause(writer, *pause);
  });
  if (!status) return std::move(status).error();
  kick(*pause);
  return pause;
}

Result<Resumed> EnginePeople::resume(const Scope& scope, const std::string& actor) {
  const People::Pauses pauses = context_.people.pauses();
  const auto place = place_of(scope, *pauses);
  if (!place) return place.error();
  Resumed resumed;
  for (const Pause& pause : *pauses) {
    if (overlap(pause, *place) && &pause != find(*pauses, *place)) resumed.still.push_back(pause);
  }
  const Pause* found = find(*pauses, *place);
  if (found == nullptr) {
    std::string message = name_of(*place) + (place->target.empty() ? " is not paused as a whole"
                                                                   : " is not paused by itself");
    for (const Pause& still : resumed.still)
      message += "; " + name_of(still) + " is, by " + still.actor;
    return Error{Errc::not_found, message};
  }
  resumed.ended = *found;
  auto status = context_.journal.run([&](StoreWriter& writer) -> Status {
    if (auto audited = writer.audit(line("resumed", actor, resumed.ended)); !audited)
      return audited;
    return context_.people.resume(writer, resumed.ended);
  });
  if (!status) return std::move(status).error();
  kick(*place);
  return resumed;
}

Result<std::vector<Hold>> EnginePeople::hold(const HoldRequest& request, const std::string& actor) {
  const auto name = ImageName::parse(request.reference);
  if (!name) return name.error();
  const auto workload = live(request.scope);
  if (!workload) return workload.error();
  const auto meant =
      containers_meant(**workload, *name, request.container, context_.setup.get()->rules);
  if (!meant) return meant.error();
  const Hold hold{.target = (*workload)->target,
                  .workload = (*workload)->id,
                  .container = request.container,
                  .repository = meant->front().image.repository(),
                  .digest = name->digest,
                  .tag = name->tag,
                  .reason = request.reason.empty() ? actor + " gave no reason" : request.reason,
                  .and_below = false,
                  .actor = actor,
                  .since = context_.clock.now()};
  auto status = context_.journal.run([&](StoreWriter& writer) -> Status {
    if (auto audited = writer.audit(line("held", actor, hold)); !audited) return audited;
    return context_.people.hold(writer, hold);
  });
  if (!status) return std::move(status).error();
  context_.lanes.kick(hold.repository);
  return std::vector{hold};
}

Result<std::vector<Hold>> EnginePeople::unhold(const HoldRequest& request,
                                               const std::string& actor) {
  ImageName image;
  if (!request.reference.empty()) {
    auto parsed = ImageName::parse(request.reference);
    if (!parsed) return std::move(parsed).error();
    image = *std::move(parsed);
  }
  std::vector<Hold> ended = context_.people.all_holds();
  std::vector<WorkloadName> held;
  for (const Hold& hold : ended)
    held.push_back({hold.target, hold.workload});
  const auto name = name_in(request.scope, std::move(held));
  if (!name) return name.error();
  std::erase_if(ended, [&](const Hold& hold) {
    return hold.target != name->target || hold.workload != name->id || !is_on(hold, image) ||
           (!request.container.empty() && hold.container != request.container);
  });
  if (ended.empty()) {
    return Error{Errc::not_found, "nothing of that is held for " + name->str() +
                                      ": `longshore status` lists the holds"};
  }
  auto status = context_.journal.run([&](StoreWriter& writer) -> Status {
    for (const Hold& hold : ended) {
      if (auto audited = writer.audit(line("unheld", actor, hold)); !audited) return audited;
      if (hold.and_below) {
        auto forgotten = writer.people().forget_written(hold.target, hold.workload, hold.container);
        if (!forgotten) return forgotten;
      }
      if (auto gone = context_.people.unhold(writer, hold); !gone) return gone;
    }
    return Done{};
  });
  if (!status) return std::move(status).error();
  for (const Hold& hold : ended)
    context_.lanes.kick(hold.repository);
  return ended;
}

Result<Accepted> EnginePeople::replay(const EventId& id, const std::string& actor) {
  auto found = [&] {
    const std::lock_guard lock(reader_mutex_);
    return reader_.event(id);
  }();
  if (!found) return std::move(found).error();
  Event event = *std::move(found);
  if (event.not_actionable) {
    return Error{Errc::conflict, "event " + id.str() +
                                     " is recorded and never acted upon: " + *event.not_actionable};
  }
  event.id = EventId::make(context_.clock.now());
  event.received_at = context_.clock.now();
  event.actor = actor;
  event.delivery_id.reset();
  AuditEntry entry = line("replayed", actor);
  entry.id = event.id;
  entry.image = event.image();
  entry.reason = "once more what event " + id.str() + " told";
  std::vector<Event> events;
  events.push_back(std::move(event));
  auto accepted = accept_(std::move(events));
  if (!accepted) return accepted;
  auto status =
      context_.journal.run([&](StoreWriter& writer) -> Status { return writer.audit(entry); });
  if (!status) return std::move(status).error();
  return accepted;
}

}  // namespace longshore
