// SPDX-License-Identifier: MIT
#pragma once

/// Where things stand in the bytes of an identity list, for its reader and its writer.

#include <stdbool.h>
#include <stdint.h>

#include "identity_list.h"

enum {
    IDENTITY_VERSION = 1,
    IDENTITY_MAGIC_SIZE = 8,
    IDENTITY_HEAD_VERSION = 8,
    IDENTITY_HEAD_RECORD_SIZE = 10,
    IDENTITY_HEAD_ZERO = 12,
    IDENTITY_HEAD_MADE_AT = 16,
    IDENTITY_RECORD_STATE = 32,
    IDENTITY_RECORD_ROLE = 33,
    IDENTITY_RECORD_NAME_SIZE = 34,
    IDENTITY_RECORD_NAME = 36,
    IDENTITY_END_COUNT = 8,
    IDENTITY_END_ZERO = 12,
    IDENTITY_END_DIGEST = 16,
};

static const char identity_head_magic[IDENTITY_MAGIC_SIZE + 1] = "OHMIDENT";
static const char identity_end_magic[IDENTITY_MAGIC_SIZE + 1] = "IDENTEND";

/// Says whether the byte stands for an enum identity_state.
static inline bool identity_state_is_known(unsigned state)
{
    return state >= IDENTITY_PENDING && state <= IDENTITY_REVOKED;
}

/// Says whether the byte stands for an enum identity_role.
static inline bool identity_role_is_known(unsigned role)
{
    return role >= IDENTITY_DEVICE && role <= IDENTITY_OPERATOR;
}
