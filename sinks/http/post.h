// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/result.h"

namespace longshore {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
  int status = 0;
  HttpFields headers;  // as sent, in their order
  std::string body;
};

// Sends one POST and returns the answer, whatever its status. Only http and https; redirects are
// not followed; header values are sent as they are and nothing is added to them but Host,
// Content-Length, Accept and User-Agent.
//
// Fails with invalid_input for a URL or a field that cannot be sent (line breaks), with unavailable
// if there is no answer within `timeout`, and with unsupported if its body is larger than 1 MiB or
// its head larger than 64 KiB. No message repeats the URL's query or user information.
// Threads: safe from every thread.
Result<HttpAnswer> http_post(const std::string& url, const HttpFields& headers,
                             std::string_view body, std::chrono::milliseconds timeout);

}  // namespace longshore
