// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/kubeconfig.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "pipeline/crypto.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

// A map of the file. The first fault is kept; a field that is absent, null or faulty is empty.
class Section {
 public:
  Section(const YAML::Node& node, std::string path, std::string& fault)
      : node_(node), path_(std::move(path)), fault_(&fault) {
    if (is_there(node_) && !node_.IsMap()) fail("", "has to be a map");
  }

  bool has(const char* key) const { return node_.IsMap() && is_there(node_[key]); }
  std::string text(const char* key) const {
    if (!has(key)) return {};
    const YAML::Node value = node_[key];
    if (value.IsScalar()) return value.Scalar();
    fail(key, "has to be text");
    return {};
  }
  bool is_true(const char* key) const {
    const std::string value = text(key);
    if (!value.empty() && value != "true" && value != "false") {
      fail(key, "has to be true or false");
    }
    return value == "true";
  }
  Section section(const char* key) const {
    return Section(has(key) ? node_[key] : YAML::Node(), path_of(key), *fault_);
  }
  // The values of a list, each to be read as text.
  std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> values;
    for (const YAML::Node& node : nodes(key)) {
      if (!node.IsScalar()) fail(key, "has to be a list of texts");
      values.push_back(node.IsScalar() ? node.Scalar() : "");
    }
    return values;
  }
  std::vector<Section> sections(const char* key) const {
    std::vector<Section> values;
    for (const YAML::Node& node : nodes(key))
      values.emplace_back(node, path_of(key), *fault_);
    return values;
  }
  void fail(const char* key, std::string_view why) const {
    if (!fault_->empty()) return;
    *fault_ = path_of(key).append(path_.empty() && *key == '\0' ? "" : " ").append(why);
  }

 private:
  static bool is_there(const YAML::Node& node) { return node.IsDefined() && !node.IsNull(); }
  std::string path_of(const char* key) const {
    return *key == '\0' ? path_ : (path_.empty() ? "" : path_ + '.') + key;
  }
  std::vector<YAML::Node> nodes(const char* key) const {
    if (!has(key)) return {};
    const YAML::Node list = node_[key];
    if (!list.IsSequence()) fail(key, "has to be a list");
    return list.IsSequence() ? std::vector<YAML::Node>(list.begin(), list.end())
                             : std::vector<YAML::Node>();
  }

  const YAML::Node node_;
  std::string path_;
  std::string* fault_;
};

// What one reading brings together.
struct Reading {
  std::filesystem::path folder;
  KubeAccess access;
  std::string fault;

  void fail(std::string why) {
    if (fault.empty()) fault = std::move(why);
  }
  std::filesystem::path path(const std::string& text) const { return folder / text; }
};

// The entry of that name in a list of {name, <kind>: {…}}.
Section find(const Section& root, const char* list, const char* kind, const std::string& name,
             Reading& reading) {
  std::string others;
  for (const Section& entry : root.sections(list)) {
    const std::string found = entry.text("name");
    if (found == name) return entry.section(kind);
    others.append(others.empty() ? "" : ", ").append(in_quotes(found));
  }
  reading.fail("there is no " + std::string(kind) + ' ' + in_quotes(name) + " among its " + list +
               (others.empty() ? ", which are none" : ": " + others));
  return Section(YAML::Node(), std::string(list) + '.' + name, reading.fault);
}

std::string without_space(std::string text) {
  std::erase_if(text, [](char c) { return trim(std::string_view(&c, 1)).empty(); });
  return text;
}

// PEM, from the field with the data or else from the file that another field names; empty: neither.
std::string pem_of(const Section& section, const char* data_key, const char* file_key,
                   Reading& reading) {
  std::string pem;
  const char* key = data_key;
  if (section.has(data_key)) {
    const auto decoded = from_base64(without_space(section.text(data_key)));
    if (!decoded) section.fail(data_key, "is no base64");
    pem = decoded.value_or("");
  } else if (const std::string file = section.text(file_key); !file.empty()) {
    key = file_key;
    auto text = reading.access.read(reading.path(file));
    if (!text) section.fail(file_key, text.error().message);
    pem = text ? *std::move(text) : "";
  } else {
    return {};
  }
  if (pem.find("-----BEGIN ") == std::string::npos) section.fail(key, "holds no PEM");
  return pem;
}

void read_cluster(const Section& cluster, Reading& reading) {
  if (cluster.has("proxy-url")) {
    cluster.fail("proxy-url", "is not supported: name a server that is reached without a proxy");
  }
  if (auto set = reading.access.set_server(cluster.text("server")); !set) {
    cluster.fail("server", "has to be https://HOST:PORT: " + set.error().message);
  }
  TlsText& tls = reading.access.login.tls;
  tls.authority = pem_of(cluster, "certificate-authority-data", "certificate-authority", reading);
  tls.server_name = cluster.text("tls-server-name");
  if (!cluster.is_true("insecure-skip-tls-verify")) return;
  tls.server = TlsText::Server::unverified;
  if (!tls.authority.empty()) {
    cluster.fail("insecure-skip-tls-verify",
                 "contradicts the certificate authority beside it: remove one of them");
  }
}

void read_plugin(const Section& exec, Reading& reading) {
  ExecPlugin plugin;
  plugin.api_version = exec.text("apiVersion");
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1") {
    exec.fail("apiVersion", "has to be client.authentication.k8s.io/v1 or v1beta1");
  }
  std::string command = exec.text("command");
  if (command.empty()) exec.fail("command", "is missing: name the program");
  if (command.find('/') != std::string::npos) command = reading.path(command).string();
  plugin.command = exec.texts("args");
  plugin.command.insert(plugin.command.begin(), command);
  for (const Section& variable : exec.sections("env")) {
    const std::string name = variable.text("name");
    if (name.empty() || name.find('=') != std::string::npos) {
      variable.fail("name", "has to be the name of a variable");
    }
    plugin.environment.emplace_back(name, variable.text("value"));
  }
  if (exec.is_true("provideClusterInfo")) plugin.cluster = ExecPlugin::Cluster::told;
  const std::string mode = exec.text("interactiveMode");
  if (mode == "Always") {
    exec.fail("interactiveMode",
              "is Always, and nobody sits here to answer: use a plugin that "
              "needs nobody, or a service account's token");
  } else if (!mode.empty() && mode != "Never" && mode != "IfAvailable") {
    exec.fail("interactiveMode", "has to be Never or IfAvailable");
  }
  plugin.install_hint = std::string(trim(exec.text("installHint")));
  reading.access.plugin = std::move(plugin);
}

// A name and a password, or a token; the file counts before the field, as for kubectl.
void read_secret(const Section& user, Reading& reading) {
  const std::string name = user.text("username");
  if (!name.empty()) {
    if (name.find(':') != std::string::npos) user.fail("username", "has a ':' in it");
    reading.access.login.authorization = "Basic " + to_base64(name + ':' + user.text("password"));
  } else if (const std::string file = user.text("tokenFile"); !file.empty()) {
    if (auto read = reading.access.read_token(reading.path(file)); !read) {
      user.fail("tokenFile", read.error().message);
    }
  } else if (const std::string token(trim(user.text("token"))); !token.empty()) {
    reading.access.login.authorization = "Bearer " + token;
  }
}

void read_user(const Section& user, Reading& reading) {
  if (user.has("auth-provider")) {
    user.fail("auth-provider",
              "is not supported: use an exec plugin (for example kubelogin, "
              "gke-gcloud-auth-plugin) or a service account's token");
  }
  if (user.has("as") || user.has("as-groups") || user.has("as-uid")) {
    user.fail("as", "is not supported: name a user who has the rights itself");
  }
  const bool has_name = !user.text("username").empty();
  const bool has_token = !user.text("token").empty() || !user.text("tokenFile").empty();
  if (has_name + has_token + user.has("exec") > 1) {
    user.fail("", "has more than one of username, token and exec: keep one");
  }
  TlsText& tls = reading.access.login.tls;
  tls.certificate = pem_of(user, "client-certificate-data", "client-certificate", reading);
  tls.key = pem_of(user, "client-key-data", "client-key", reading);
  if (tls.certificate.empty() != tls.key.empty()) {
    user.fail("", "has to name both a client certificate and its key");
  }
  read_secret(user, reading);
  if (user.has("exec")) read_plugin(user.section("exec"), reading);
}

void read_root(const Section& root, const std::string& wanted, Reading& reading) {
  const std::string name = wanted.empty() ? root.text("current-context") : wanted;
  if (name.empty()) {
    reading.fail("it has no current-context: name a 'context' for the target");
    return;
  }
  const Section context = find(root, "contexts", "context", name, reading);
  if (!reading.fault.empty()) return;
  const std::string user = context.text("user");
  read_cluster(find(root, "clusters", "cluster", context.text("cluster"), reading), reading);
  if (!user.empty()) read_user(find(root, "users", "user", user, reading), reading);
}

}  // namespace

Result<KubeAccess> read_kubeconfig(const std::filesystem::path& file, const std::string& context) {
  Reading reading;
  reading.folder = std::filesystem::absolute(file).parent_path();
  const auto text = reading.access.read(file);
  if (!text) return Error{Errc::invalid_input, "kubeconfig: " + text.error().message};
  try {
    const YAML::Node node = YAML::Load(*text);
    read_root(Section(node, "", reading.fault), context, reading);
  } catch (const YAML::Exception& wrong) {
    reading.fail("line " + std::to_string(wrong.mark.line + 1) + " is not valid YAML");
  }
  if (reading.fault.empty()) return std::move(reading.access);
  return Error{Errc::invalid_input, "kubeconfig '" + file.string() + "': " + reading.fault};
}

}  // namespace longshore
