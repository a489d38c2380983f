// SPDX-License-Identifier: MIT
#pragma once

/// contracts/openapi.json, as it was when this was built.

#include <stddef.h>

extern const char openapi_document[];
extern const size_t openapi_document_size;
