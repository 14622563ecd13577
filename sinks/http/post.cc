// SPDX-License-Identifier: Apache-2.0
#include "sinks/http/post.h"

#include "sinks/http/client.h"

namespace longshore {

Result<HttpAnswer> http_post(const std::string& url, const HttpFields& headers,
                             std::string_view body, std::chrono::milliseconds timeout) {
  OutboundRequest request;
  request.method = "POST";
  request.url = url;
  request.fields = headers;
  request.body = body;
  request.connect_timeout = timeout;
  request.timeout = timeout;
  request.reach = Reach::anywhere;
  HttpClient client;
  return client.send(request);
}

}  // namespace longshore
