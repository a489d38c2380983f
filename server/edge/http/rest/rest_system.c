// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "fleet_json.h"
#include "rest_handlers.h"

static const char *const COUNTER_NAMES[REST_COUNTER_COUNT] = {
    [REST_COUNTER_REQUESTS] = "http_requests",
    [REST_COUNTER_SIGN_INS] = "http_sign_ins",
    [REST_COUNTER_SIGN_INS_REFUSED] = "http_sign_ins_refused",
    [REST_COUNTER_RATE_LIMITED] = "http_rate_limited",
    [REST_COUNTER_REFUSED] = "http_refused",
};

/// Built twice when the first buffer is too small, so what changes is copied first.
struct system_answer {
    const char *version;
    uint64_t uptime_s;
    uint64_t fleet[FLEET_COUNTER_COUNT];
    uint64_t http[REST_COUNTER_COUNT];
    struct stream_hub_counts stream;
};

static void build_system(struct json_writer *writer, const void *ctx)
{
    const struct system_answer *answer = ctx;
    json_writer_begin_object(writer, NULL);
    json_writer_string(writer, "version", answer->version);
    json_writer_unsigned(writer, "uptime_s", answer->uptime_s);
    json_writer_begin_object(writer, "counters");
    for (unsigned i = 0; i < FLEET_COUNTER_COUNT; i++) {
        json_writer_unsigned(writer, fleet_counter_name((enum fleet_counter)i), answer->fleet[i]);
    }
    for (unsigned i = 0; i < REST_COUNTER_COUNT; i++) {
        json_writer_unsigned(writer, COUNTER_NAMES[i], answer->http[i]);
    }
    json_writer_unsigned(writer, "stream_events_published", answer->stream.published);
    json_writer_unsigned(writer, "stream_subscribers", answer->stream.subscribers);
    json_writer_unsigned(writer, "stream_subscribers_dropped", answer->stream.dropped);
    json_writer_end_object(writer);
    json_writer_end_object(writer);
}

bool rest_show_system(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply)
{
    const struct fleet_host *host = rest->fleet->host;
    struct system_answer answer = { .version = rest->version };

    if (!rest_check_query(request, NULL, 0, reply)) {
        return true;
    }
    answer.uptime_s = (host->monotonic_ms(host->ctx) - rest->started_ms) / 1000;
    answer.stream = stream_hub_counts(rest->hub);
    for (unsigned i = 0; i < FLEET_COUNTER_COUNT; i++) {
        answer.fleet[i] = fleet_counters_get(rest->fleet->counters, (enum fleet_counter)i);
    }
    for (unsigned i = 0; i < REST_COUNTER_COUNT; i++) {
        answer.http[i] = rest->counters[i];
    }
    http_reply_json(reply, HTTP_OK, build_system, &answer);
    return true;
}

static void build_health(struct json_writer *writer, const void *ctx)
{
    const char *reason = ctx;
    json_writer_begin_object(writer, NULL);
    json_writer_string(writer, "status", reason[0] == '\0' ? "ok" : "failing");
    if (reason[0] != '\0') {
        json_writer_string(writer, "reason", reason);
    }
    json_writer_end_object(writer);
}

bool rest_show_health(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply)
{
    const struct fleet_health *health = rest->fleet->health;
    char reason[FLEET_REASON_SIZE] = "";

    (void)request;
    const bool well = health->is_well(health->ctx, reason);
    if (well) {
        reason[0] = '\0';
    }
    http_reply_json(reply, well ? HTTP_OK : HTTP_UNAVAILABLE, build_health, reason);
    return true;
}

enum { DELIVERY_GAPS = 1000 };

struct delivery_copy {
    struct journal_delivery delivery;
    struct seq_range *gaps;
};

struct delivery_list {
    struct delivery_copy *copies;
    size_t count;
    size_t capacity;
    bool failed;
};

static void copy_delivery(void *ctx, const struct journal_delivery *delivery)
{
    struct delivery_list *list = ctx;
    if (list->count == list->capacity) {
        const size_t capacity = 2 * list->capacity + 4;
        struct delivery_copy *more = realloc(list->copies, capacity * sizeof *more);
        if (more == NULL) {
            list->failed = true;
            return;
        }
        list->copies = more;
        list->capacity = capacity;
    }
    struct delivery_copy *copy = &list->copies[list->count];
    copy->delivery = *delivery;
    // The newest gaps are those somebody asks for.
    const size_t kept = delivery->gap_count < DELIVERY_GAPS ? delivery->gap_count : DELIVERY_GAPS;
    copy->gaps = calloc(kept + 1, sizeof *copy->gaps);
    if (copy->gaps == NULL) {
        list->failed = true;
        return;
    }
    if (kept > 0) {
        memcpy(copy->gaps, delivery->gaps + (delivery->gap_count - kept),
               kept * sizeof *copy->gaps);
    }
    copy->delivery.gaps = copy->gaps;
    copy->delivery.gap_count = kept;
    list->count++;
}

static void build_deliveries(struct json_writer *writer, const void *ctx)
{
    const struct delivery_list *list = ctx;
    json_writer_begin_object(writer, NULL);
    json_writer_begin_array(writer, "journals");
    for (size_t i = 0; i < list->count; i++) {
        const struct journal_delivery *delivery = &list->copies[i].delivery;
        json_writer_begin_object(writer, NULL);
        fleet_json_journal_id(writer, "journal_id", delivery->journal_id);
        json_writer_unsigned(writer, "watermark", delivery->watermark);
        json_writer_unsigned(writer, "stored", delivery->stored);
        json_writer_unsigned(writer, "doubled", delivery->doubled);
        json_writer_begin_array(writer, "gaps");
        for (size_t j = 0; j < delivery->gap_count; j++) {
            json_writer_begin_object(writer, NULL);
            json_writer_unsigned(writer, "first_seq", delivery->gaps[j].first_seq);
            json_writer_unsigned(writer, "last_seq", delivery->gaps[j].last_seq);
            json_writer_end_object(writer);
        }
        json_writer_end_array(writer);
        json_writer_end_object(writer);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

bool rest_show_deliveries(struct rest *rest, const struct rest_request *request,
                          struct http_reply *reply)
{
    const struct fleet_store *store = rest->fleet->store;
    struct device_view device;
    struct delivery_list list = { 0 };

    if (!rest_check_query(request, NULL, 0, reply) ||
        !rest_find_device(rest, request, &device, reply)) {
        return true;
    }
    const enum status status =
        store->deliveries(store->ctx, device.device_id, copy_delivery, &list);
    if ((status == STATUS_OK || status == STATUS_MISSING) && !list.failed) {
        http_reply_json(reply, HTTP_OK, build_deliveries, &list);
    } else {
        rest_reply_unavailable(reply);
    }
    for (size_t i = 0; i < list.count; i++) {
        free(list.copies[i].gaps);
    }
    free(list.copies);
    return true;
}
