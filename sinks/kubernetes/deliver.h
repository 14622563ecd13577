// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

#include "pipeline/action.h"
#include "sinks/kubernetes/api.h"
#include "sinks/kubernetes/index.h"
#include "sinks/kubernetes/rights.h"

namespace longshore {

struct KubeAttempt {
  Delivery delivery;
  KubeObjectPtr changed;       // as this attempt has left it; null: it changed nothing
  KubeIndex::Changes noticed;  // what the index has learned from the answers
};

// One attempt at one action: one PATCH of the object as the index has it (patch.h), nothing else
// where all goes well. What the API server answers is in the index when this returns, so that no
// later decision sees the image of before.
//
// A PATCH whose tests fail is answered 422, and so is one that a webhook or the server's own rules
// refuse. The object is read once to tell them apart:
//   all `to` there                an earlier attempt's answer was lost: delivered
//   something else                conflict
//   all `from`, at another place  the PATCH is made once more, as the object is now
//   all `from`, as we saw it      it was no test: rejected, with the server's words
// An answer 200 that shows another image is rejected too: somebody rewrites what we write.
KubeAttempt attempt(KubeApi& api, KubeIndex& index, KubeRights& rights, const Action& action,
                    const std::stop_token& stop);

// What an answer that is no 2xx means to the outbox. The right is what a 401 or 403 lacks.
Delivery delivery_for(const KubeAnswer& answer, const std::string& right);
// The same for a request that has no answer. A configuration that cannot be used is forbidden: the
// target's actions are parked until it is another one.
Delivery delivery_for_failure(const Error& error);

}  // namespace longshore
