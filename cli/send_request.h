// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "receiver/compose.h"

namespace longshore {

// Posts the request to the server at `url` ("http://localhost:8080"), prints what it answers, and
// returns an exit code: 0 for a 2xx, 1 for another answer, 2 for a URL that is none, 3 for no
// answer.
int send_request(const std::string& url, const std::string& target, const ComposedRequest& request,
                 bool json);

}  // namespace longshore
