// SPDX-License-Identifier: MIT
#pragma once

/// The file of base/identity_list as the guard reads it: looked at often, read when it has changed.
///
/// A file that is not there, that others than its owner may write, or that is not a whole list
/// leaves the guard without knowledge, and so with nobody to let in. It is not repaired by an older
/// copy in memory: whoever took the file away may have wanted just that.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "crypto.h"
#include "guard_rules.h"
#include "identity_list.h"

enum { GUARD_LIST_PATH_SIZE = 1024 };

/// Storage of one list, owned by the caller. Use it only through the functions below, `knowledge`
/// and `list` apart, which may be read.
struct guard_list {
    char path[GUARD_LIST_PATH_SIZE];
    const struct crypto *crypto;
    struct stat facts; ///< Of the file that was read last.
    uint8_t *data;
    struct identity_list list;
    struct guard_knowledge knowledge;
};

/// Binds the list to a file, which is not read yet: there is no knowledge.
///
/// @return false  the path is too long.
bool guard_list_init(struct guard_list *list, const char *path, const struct crypto *crypto);

/// Reads the file if it is another than last time. @return whether the knowledge changed.
bool guard_list_refresh(struct guard_list *list);

/// Frees what was read.
void guard_list_close(struct guard_list *list);
