// SPDX-License-Identifier: Apache-2.0
#include "receiver/control_client.h"

#include <cerrno>

#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

namespace longshore {
namespace {

constexpr int kUnusedPort = 80;

Error no_answer(const std::string& socket, httplib::Error error) {
  if (error != httplib::Error::Connection) {
    return {Errc::unavailable, "the server at " + socket + " gave no whole answer in time"};
  }
  if (::access(socket.c_str(), W_OK) != 0 && errno == EACCES) {
    return {Errc::unauthorized,
            "the server at " + socket + " belongs to another user: run this as that user"};
  }
  return {Errc::not_found, "no running server at " + socket + ": start `longshore serve`"};
}

}  // namespace

Result<ControlAnswer> control_request(const std::filesystem::path& socket_path,
                                      const std::string& method, const std::string& target,
                                      const std::string& body, std::chrono::milliseconds timeout,
                                      const std::string& actor) {
  const std::string socket = socket_path.string();
  httplib::Client client(socket, kUnusedPort);
  client.set_address_family(AF_UNIX);
  client.set_connection_timeout(timeout);
  client.set_read_timeout(timeout);
  client.set_write_timeout(timeout);

  httplib::Request request;
  request.method = method;
  request.path = target;
  request.body = body;
  request.set_header("Host", "localhost");  // else it would be the path of the socket
  request.set_header("Accept", "application/json");
  if (!actor.empty()) request.set_header("Longshore-Actor", actor);
  if (!body.empty()) request.set_header("Content-Type", "application/json");

  const httplib::Result result = client.send(request);
  if (!result) return no_answer(socket, result.error());
  return ControlAnswer{result->status, result->body};
}

}  // namespace longshore
