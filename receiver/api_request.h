// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "receiver/http_message.h"

namespace longshore {

// What the parts of the API share: how they read a request, and how they say no.

bool is_read(const HttpRequest& request);  // GET or HEAD
HttpReply wrong_method(const char* allowed);
// The status that belongs to the error's code, with its message.
HttpReply failed(const Error& error);

// The decoded parameter; empty where it is missing. REQUIRES: check_parameters()
std::string parameter(const HttpRequest& request, std::string_view name);

// Whether each parameter is one of these, there once, readable and not empty: one that was
// overlooked could turn an order for one workload into an order for all. Else invalid_input.
Status check_parameters(const HttpRequest& request, std::span<const std::string_view> known);

// Who asks, for the audit. A claim; but whoever can write to the control socket could as well write
// to the store.
std::string actor_of(const HttpRequest& request);

}  // namespace longshore
