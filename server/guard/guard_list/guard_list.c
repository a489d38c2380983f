// SPDX-License-Identifier: MIT
#include "guard_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool guard_list_init(struct guard_list *list, const char *path, const struct crypto *crypto)
{
    const size_t size = strlen(path) + 1;
    if (size > sizeof list->path) {
        return false;
    }
    *list = (struct guard_list){ .crypto = crypto, .knowledge = { .problem = GUARD_LIST_MISSING } };
    memcpy(list->path, path, size);
    return true;
}

void guard_list_close(struct guard_list *list)
{
    free(list->data);
    list->data = NULL;
    list->knowledge = (struct guard_knowledge){ .problem = GUARD_LIST_MISSING };
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/// The number of a file is used again once it is gone, so times and size count as well.
static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mode == b->st_mode && a->st_uid == b->st_uid &&
           same_time(a->st_mtim, b->st_mtim) && same_time(a->st_ctim, b->st_ctim);
}

static bool may_be_trusted(const struct stat *facts)
{
    return S_ISREG(facts->st_mode) && (facts->st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
           facts->st_size > 0 &&
           (uintmax_t)facts->st_size <= identity_list_size(IDENTITY_LIST_LIMIT);
}

static bool read_all(int descriptor, uint8_t *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t count = read(descriptor, data + done, size - done);
        if (count == 0 || (count < 0 && errno != EINTR)) {
            return false;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return true;
}

/// Replaces what was known by what the open file says.
static enum guard_verdict take(struct guard_list *list, int descriptor)
{
    if (fstat(descriptor, &list->facts) != 0 || !may_be_trusted(&list->facts)) {
        return GUARD_LIST_CORRUPT;
    }
    const size_t size = (size_t)list->facts.st_size;
    list->data = malloc(size);
    if (list->data == NULL || !read_all(descriptor, list->data, size) ||
        identity_list_open(&list->list, list->data, size, list->crypto) != STATUS_OK) {
        return GUARD_LIST_CORRUPT;
    }
    return GUARD_ALLOWED;
}

bool guard_list_refresh(struct guard_list *list)
{
    struct stat facts;
    const enum guard_verdict before = list->knowledge.problem;

    const bool is_there = stat(list->path, &facts) == 0;
    if (is_there && same_file(&facts, &list->facts)) {
        return false;
    }
    guard_list_close(list);
    list->facts = (struct stat){ 0 };
    const int descriptor = open(list->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor >= 0) {
        list->knowledge.problem = take(list, descriptor);
        list->knowledge.list = &list->list;
        (void)close(descriptor);
    } else {
        list->knowledge.problem = errno == ENOENT ? GUARD_LIST_MISSING : GUARD_LIST_CORRUPT;
    }
    return list->knowledge.problem == GUARD_ALLOWED || list->knowledge.problem != before;
}
