// SPDX-License-Identifier: MIT
#pragma once

/// The page, portal_page.html, as the build embeds it.

#include <stddef.h>

extern const char portal_page[];
extern const size_t portal_page_size;
