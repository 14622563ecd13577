// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "pipeline/result.h"
#include "sinks/http/message.h"

namespace longshore {

// Sends one POST, to any address, over a connection of its own, and returns the answer, whatever
// its status: for a command that sends one request and ends. See HttpClient::send() for what it
// does not do and how it fails; the limits are 1 MiB for the answer's body and 64 KiB for its head.
//
// Threads: safe from every thread.
Result<HttpAnswer> http_post(const std::string& url, const HttpFields& headers,
                             std::string_view body, std::chrono::milliseconds timeout);

}  // namespace longshore
