// SPDX-License-Identifier: MIT
#include "broker_guard.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard_inbox.h"
#include "guard_news.h"
#include "identity_folder.h"

struct broker_guard {
    struct broker_guard_options options;
    struct identity_folder folder;
    struct identity_publisher *publisher;
    struct guard_news news;
    struct guard_inbox *inbox;
    pthread_t thread;
    bool runs;
};

static enum status each(void *ctx, enum status (*add)(void *to, const struct identity_entry *entry),
                        void *to)
{
    struct broker_guard *guard = ctx;
    const struct identity_source *authority = &guard->options.authority;
    enum status status = STATUS_OK;
    if (guard->folder.path[0] != '\0') {
        status = identity_folder_each(&guard->folder, add, to);
    }
    if (status == STATUS_OK && authority->each != NULL) {
        status = authority->each(authority->ctx, add, to);
    }
    return status;
}

static void take(void *ctx, const struct guard_report *report)
{
    struct broker_guard *guard = ctx;
    if (report->event == GUARD_EVENT_AUTHORISED && guard->options.authorised != NULL) {
        guard->options.authorised(guard->options.ctx, report);
    }
    if ((report->event == GUARD_EVENT_REFUSED || report->event == GUARD_EVENT_DISCONNECTED) &&
        report->verdict != GUARD_ALLOWED && guard->options.refused != NULL) {
        guard->options.refused(guard->options.ctx, report);
    }
    guard_news_take(&guard->news, report);
}

static void *run(void *ctx)
{
    struct broker_guard *guard = ctx;
    guard_inbox_run(guard->inbox);
    return NULL;
}

static bool listen_to_reports(struct broker_guard *guard, char *error, size_t error_size)
{
    const struct guard_inbox_options options = { .path = guard->options.socket_path,
                                                 .take = take,
                                                 .ctx = guard };
    if (options.path[0] == '\0') {
        return true;
    }
    const enum status status = guard_inbox_open(&options, &guard->inbox);
    if (status != STATUS_OK) {
        (void)snprintf(error, error_size, "%s: no socket can be opened here: %s", options.path,
                       status == STATUS_INVALID ? "the path is too long" : strerror(errno));
        return false;
    }
    guard->runs = pthread_create(&guard->thread, NULL, run, guard) == 0;
    if (!guard->runs) {
        (void)snprintf(error, error_size, "a thread cannot be started");
    }
    return guard->runs;
}

struct broker_guard *broker_guard_open(const struct broker_guard_options *options, char *error,
                                       size_t error_size)
{
    struct broker_guard *guard = calloc(1, sizeof *guard);
    if (guard == NULL) {
        (void)snprintf(error, error_size, "no memory");
        return NULL;
    }
    guard->options = *options;
    guard->folder = (struct identity_folder){ options->folder, options->log };
    guard_news_init(&guard->news, options->log, options->host, options->devices);
    const struct identity_publisher_options publisher = {
        .path = options->list_path,
        .source = { each, guard },
        .crypto = options->crypto,
        .host = options->host,
        .log = options->log,
    };
    const enum status status = identity_publisher_open(&publisher, &guard->publisher);
    if (status != STATUS_OK) {
        (void)snprintf(error, error_size,
                       "%s: the broker's list of certificates cannot be written (see above)",
                       options->list_path);
    }
    if (status != STATUS_OK || !listen_to_reports(guard, error, error_size)) {
        broker_guard_close(guard);
        return NULL;
    }
    return guard;
}

void broker_guard_close(struct broker_guard *guard)
{
    if (guard == NULL) {
        return;
    }
    if (guard->runs) {
        guard_inbox_stop(guard->inbox);
        (void)pthread_join(guard->thread, NULL);
    }
    guard_inbox_close(guard->inbox);
    identity_publisher_close(guard->publisher);
    free(guard);
}

enum status broker_guard_publish(struct broker_guard *guard)
{
    return identity_publisher_publish(guard->publisher);
}
