// SPDX-License-Identifier: MIT
#pragma once

/// The list by which the server tells the broker which certificates may speak, and for whom.
///
/// A file of a head, one record of IDENTITY_RECORD_SIZE bytes per certificate in ascending order of
/// its digest, and an end with the count and a SHA-256 over everything before:
///
///   head    "OHMIDENT"  version u16  record size u16  zero u32  made_at_s u64
///   record  certificate_sha256[32]  state u8  role u8  name size u8  zero u8  name[32]  zero u32
///   end     "IDENTEND"  count u32  zero u32  sha256[32]
///
/// Numbers are little-endian. The digest tells a whole list from a damaged one; who may write the
/// file is for the file system to say. A list is opened where it lies, so reading needs no storage
/// besides the bytes, and a certificate is found by binary search.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "status.h"

enum {
    IDENTITY_NAME_SIZE = 33, ///< 1 to 32 of [A-Za-z0-9_-], and a terminator.
    IDENTITY_LIST_LIMIT = 200000,
    IDENTITY_HEAD_SIZE = 24,
    IDENTITY_RECORD_SIZE = 72,
    IDENTITY_END_SIZE = 48,
};

/// What the authority thinks of a certificate.
enum identity_state {
    IDENTITY_PENDING = 1, ///< Signed, and not yet seen in use: may speak.
    IDENTITY_ACTIVE,      ///< May speak.
    IDENTITY_SUPERSEDED,  ///< Its successor was confirmed: may not.
    IDENTITY_REVOKED,     ///< May not, ever again.
};

enum identity_role {
    IDENTITY_DEVICE = 1,
    IDENTITY_SERVER, ///< ohmd itself.
    IDENTITY_OPERATOR,
};

struct identity_entry {
    uint8_t certificate_sha256[CRYPTO_SHA256_SIZE]; ///< Of the certificate in DER.
    enum identity_state state;
    enum identity_role role;
    char name[IDENTITY_NAME_SIZE];
};

/// A list that was opened. Use it only through the functions below.
struct identity_list {
    const uint8_t *records;
    size_t count;
    uint64_t made_at_s; ///< UTC, seconds since 1970.
};

/// Storage of a list being written. Use it only through the functions below.
struct identity_list_writer {
    uint8_t *out;
    size_t capacity;
    size_t count;
};

/// Says whether `size` bytes are a name that a certificate may carry.
bool identity_name_is_good(const char *name, size_t size);

/// The bytes that a list of `count` certificates needs; 0 for more than IDENTITY_LIST_LIMIT.
size_t identity_list_size(size_t count);

/// Opens the list in `data`, which must stay and not change while `list` is used.
///
/// @return STATUS_CORRUPT  these bytes are not a whole list of version 1, or too long a one;
///         otherwise what `crypto` fails with. `*list` is undefined unless STATUS_OK.
MUST_CHECK enum status identity_list_open(struct identity_list *list, const uint8_t *data,
                                          size_t size, const struct crypto *crypto);

/// Finds a certificate by its digest.
///
/// @return STATUS_MISSING  the authority does not know it; `*entry` is untouched.
MUST_CHECK enum status identity_list_find(const struct identity_list *list,
                                          const uint8_t certificate_sha256[CRYPTO_SHA256_SIZE],
                                          struct identity_entry *entry);

/// Fills in entry `index` in the order of the digests.
///
/// @return STATUS_MISSING  there are no more; `*entry` is untouched.
MUST_CHECK enum status identity_list_at(const struct identity_list *list, size_t index,
                                        struct identity_entry *entry);

/// Begins a list in `out`, of which identity_list_size() bytes are needed.
///
/// @return STATUS_FULL  there is no room even for an empty list.
MUST_CHECK enum status identity_list_begin(struct identity_list_writer *writer, uint8_t *out,
                                           size_t capacity, uint64_t made_at_s);

/// Adds a certificate, in any order.
///
/// @return STATUS_INVALID  the name, state or role is none;  STATUS_FULL  there is no room, or the
///         list has IDENTITY_LIST_LIMIT entries. Nothing was added.
MUST_CHECK enum status identity_list_add(struct identity_list_writer *writer,
                                         const struct identity_entry *entry);

/// Sorts and closes the list; `*size` bytes of `out` are it.
///
/// @return STATUS_INVALID  one certificate is in it twice; otherwise what `crypto` fails with. The
///         list must be begun again.
MUST_CHECK enum status identity_list_end(struct identity_list_writer *writer,
                                         const struct crypto *crypto, size_t *size);
