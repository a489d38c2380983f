// SPDX-License-Identifier: MIT
#pragma once

/// SHA-256 (FIPS 180-4), so that a guest without an operating system can say in one line what it
/// computed. For tests: nothing secret goes through it.

#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32, SHA256_BLOCK_SIZE = 64 };

struct sha256 {
    uint32_t state[8];
    uint64_t size;
    uint8_t block[SHA256_BLOCK_SIZE];
};

void sha256_init(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *data, size_t size);

/// Writes the digest; `sha` is used up.
void sha256_end(struct sha256 *sha, uint8_t digest[SHA256_SIZE]);
