// SPDX-License-Identifier: MIT
#include "sha256.h"

#include "bytes.h"

static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotated(uint32_t x, unsigned right)
{
    return (x >> right) | (x << (32u - right));
}

static void take_block(struct sha256 *sha)
{
    uint32_t w[64];
    for (unsigned t = 0; t < 16; t++) {
        w[t] = bytes_load_be32(sha->block + (size_t)4 * t);
    }
    for (unsigned t = 16; t < 64; t++) {
        const uint32_t a = w[t - 15];
        const uint32_t b = w[t - 2];
        w[t] = w[t - 16] + (rotated(a, 7) ^ rotated(a, 18) ^ (a >> 3)) + w[t - 7] +
               (rotated(b, 17) ^ rotated(b, 19) ^ (b >> 10));
    }
    uint32_t s[8];
    for (unsigned n = 0; n < 8; n++) {
        s[n] = sha->state[n];
    }
    for (unsigned t = 0; t < 64; t++) {
        const uint32_t e = s[4];
        const uint32_t a = s[0];
        const uint32_t t1 = s[7] + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) +
                            ((e & s[5]) ^ (~e & s[6])) + round_constant[t] + w[t];
        const uint32_t t2 = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) +
                            ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        for (unsigned n = 7; n > 0; n--) {
            s[n] = s[n - 1];
        }
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (unsigned n = 0; n < 8; n++) {
        sha->state[n] += s[n];
    }
}

void sha256_init(struct sha256 *sha)
{
    *sha = (struct sha256){ .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                       0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
}

void sha256_add(struct sha256 *sha, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t n = 0; n < size; n++) {
        sha->block[sha->size++ % SHA256_BLOCK_SIZE] = bytes[n];
        if (sha->size % SHA256_BLOCK_SIZE == 0) {
            take_block(sha);
        }
    }
}

void sha256_end(struct sha256 *sha, uint8_t digest[SHA256_SIZE])
{
    uint8_t length[8];
    bytes_store_be64(length, sha->size * 8u);
    sha256_add(sha, "\x80", 1);
    while (sha->size % SHA256_BLOCK_SIZE != SHA256_BLOCK_SIZE - sizeof length) {
        sha256_add(sha, "", 1);
    }
    sha256_add(sha, length, sizeof length);
    for (unsigned n = 0; n < 8; n++) {
        bytes_store_be32(digest + (size_t)4 * n, sha->state[n]);
    }
}
