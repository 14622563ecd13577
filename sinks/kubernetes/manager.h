// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "pipeline/json_reader.h"
#include "sinks/kubernetes/adoption.h"
#include "sinks/kubernetes/object.h"

namespace longshore {

// Who manages an object as a whole, by its labels and annotations:
//
//   Flux        labels kustomize.toolkit.fluxcd.io/name, helm.toolkit.fluxcd.io/name
//   Argo CD     annotation argocd.argoproj.io/tracking-id, label argocd.argoproj.io/instance
//   its updater annotations under argocd-image-updater.argoproj.io/
//   plain Helm  label app.kubernetes.io/managed-by: Helm, annotation meta.helm.sh/release-name
//
// The label app.kubernetes.io/instance alone makes it an `instance`: everybody sets it, and Argo CD
// tracked by it before 3.0.
//
// REQUIRES: metadata was read with "labels" and "annotations".
KubeManager read_manager(const JsonObject& metadata);

// Notes at each container who applies its image (server-side apply), by metadata.managedFields.
// Operations "Update" own nothing: what they set once they do not set again. So does kubectl apply
// --server-side, a person's tool.
//
// REQUIRES: metadata was read with "managedFields".
void read_appliers(const JsonObject& metadata, KubeKind kind,
                   std::vector<KubeContainer>& containers);

}  // namespace longshore
