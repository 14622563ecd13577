// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "pipeline/clock.h"
#include "pipeline/result.h"
#include "sinks/http/client.h"
#include "sinks/kubernetes/options.h"

namespace longshore {

struct KubeCall {
  std::string method = "GET";
  std::string path;  // with its query: "/apis/apps/v1/deployments?limit=500"
  std::string body = {};
  std::string content_type = {};  // of the body
  // All of it; zero: as the target's options say. Of a stream: until it has to end.
  std::chrono::milliseconds timeout{0};
};

struct KubeAnswer {
  int status = 0;
  std::string body;
  std::optional<std::chrono::milliseconds> retry_after;
};

// The API server of one target: who we are to it, and one request at a time to it.
//
// Credentials come from a kubeconfig (certificate, token, token file, basic, exec plugin) or from
// the service account of our pod; files are read again when they change, and an exec plugin is
// asked again when its credentials expire or are refused (401), once for each call. Nothing is
// retried beyond that. Secrets appear in no message.
//
// Threads: every function is safe from every thread; calls block up to their timeout.
class KubeApi {
 public:
  // The client and the clock outlive it. `pod`: the folder of our pod's service account.
  KubeApi(const KubernetesTargetOptions& options, HttpClient& client, const Clock& clock,
          const std::filesystem::path& pod = "/var/run/secrets/kubernetes.io/serviceaccount");
  ~KubeApi();

  // Reads what it needs, without asking the server. invalid_input: the kubeconfig, its context or a
  // file that it names is missing or cannot be used, and what to do; unavailable: an exec plugin.
  Status check();

  // The answer, whatever its status. Fails as HttpClient::send() and check() do.
  Result<KubeAnswer> call(const KubeCall& call, const std::stop_token& stop = {});

  // A request whose answer is many lines. Calls for each whole line of a 200's body, on the
  // caller's thread, until the server ends it (then the answer has an empty body), on_line returns
  // false, or it fails as call() does. Another status: no line, and the answer has its body. A
  // reader that is slow slows the server down: no more than 1 MiB waits here, and a line of more
  // than 8 MiB is a failure (unsupported). Half a line at the end is dropped.
  Result<KubeAnswer> stream(const KubeCall& call,
                            const std::function<bool(std::string_view)>& on_line,
                            const std::stop_token& stop = {});

  std::string server() const;  // "https://10.0.0.1:6443", for messages; empty before check()

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What an answer that is no 2xx says, by the Status object in its body: unauthorized for 401 and
// 403 ("deployments.apps is forbidden: …"), not_found for 404, conflict for 409 and 422, busy for
// 429, unavailable for 5xx and 408, else invalid_input.
Error kube_error(const KubeAnswer& answer);

}  // namespace longshore
