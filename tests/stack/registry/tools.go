// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools names the program that build.sh builds, so that go.mod and go.sum pin all of it.
package tools

import _ "github.com/distribution/distribution/v3/cmd/registry"
