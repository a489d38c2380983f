// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rest_body.h"
#include "rest_handlers.h"

enum { NAME_SIZE = 32 };

static void write_name(const struct register_preset *preset, char out[NAME_SIZE])
{
    const char *direction = preset->is_export ? "export" : "import";
    if (preset->channel == REGISTER_TOTAL) {
        (void)snprintf(out, NAME_SIZE, "total_%s", direction);
    } else {
        (void)snprintf(out, NAME_SIZE, "channel_%u_%s", preset->channel, direction);
    }
}

/// Finds the register that `name` means. @return false  there is none.
static bool read_name(const char *name, struct register_preset *preset)
{
    for (unsigned i = 0; i < 2 * REGISTER_COUNT; i++) {
        char known[NAME_SIZE];
        preset->channel = (uint8_t)(i / 2);
        preset->is_export = i % 2 == 1;
        write_name(preset, known);
        if (strcmp(name, known) == 0) {
            return true;
        }
    }
    return false;
}

static void write_preset(struct json_writer *writer, const struct register_preset *preset)
{
    char name[NAME_SIZE];
    write_name(preset, name);
    json_writer_begin_object(writer, NULL);
    json_writer_string(writer, "register", name);
    json_writer_integer(writer, "time_ms", preset->time_ms);
    json_writer_string(writer, "username", preset->username);
    json_writer_integer(writer, "old_mj", preset->old_mj);
    json_writer_integer(writer, "new_mj", preset->new_mj);
    json_writer_integer(writer, "offset_mj", preset->offset_mj);
    json_writer_end_object(writer);
}

static void build_preset(struct json_writer *writer, const void *ctx)
{
    write_preset(writer, ctx);
}

bool rest_preset_register(struct rest *rest, const struct rest_request *request,
                          struct http_reply *reply)
{
    static const char *const members[] = { "register", "value_mj" };
    const struct fleet_store *store = rest->fleet->store;
    struct json_reader reader;
    struct device_view device;
    struct register_preset preset = { .time_ms =
                                          rest->fleet->host->utc_ms(rest->fleet->host->ctx) };
    char name[NAME_SIZE];

    if (!rest_find_device(rest, request, &device, reply) ||
        !rest_body_open(&reader, request, members, 2, reply) ||
        !rest_body_text(&reader, "register", name, sizeof name, "invalid_request", reply) ||
        !rest_body_integer(&reader, "value_mj", 0, INT64_MAX / 2, &preset.new_mj, "invalid_request",
                           reply)) {
        return true;
    }
    if (!read_name(name, &preset)) {
        http_reply_error(reply, HTTP_BAD_REQUEST, "invalid_request",
                         "\"register\" must be total_import, total_export, or channel_0_import to "
                         "channel_7_export.");
        return true;
    }
    (void)snprintf(preset.username, sizeof preset.username, "%s",
                   request->session->identity.username);
    const enum status status = store->preset(store->ctx, device.device_id, &preset);
    if (status == STATUS_OK) {
        http_reply_json(reply, HTTP_OK, build_preset, &preset);
    } else if (status == STATUS_MISSING) {
        http_reply_error(reply, HTTP_CONFLICT, "no_readings",
                         "The device has not delivered a reading of this register yet.");
    } else {
        rest_reply_unavailable(reply);
    }
    return true;
}

struct preset_list {
    struct register_preset *preset;
    size_t count;
    size_t capacity;
    bool full; ///< No memory.
};

static void take_preset(void *ctx, const struct register_preset *preset)
{
    struct preset_list *list = ctx;
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
        struct register_preset *grown = realloc(list->preset, capacity * sizeof *grown);
        if (grown == NULL) {
            list->full = true;
            return;
        }
        list->preset = grown;
        list->capacity = capacity;
    }
    list->preset[list->count++] = *preset;
}

static void build_presets(struct json_writer *writer, const void *ctx)
{
    const struct preset_list *list = ctx;
    json_writer_begin_object(writer, NULL);
    json_writer_begin_array(writer, "presets");
    for (size_t i = 0; i < list->count; i++) {
        write_preset(writer, &list->preset[i]);
    }
    json_writer_end_array(writer);
    json_writer_end_object(writer);
}

bool rest_list_presets(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply)
{
    const struct fleet_store *store = rest->fleet->store;
    struct device_view device;
    struct preset_list list = { .count = 0 };
    if (!rest_find_device(rest, request, &device, reply) ||
        !rest_check_query(request, NULL, 0, reply)) {
        return true;
    }
    const enum status status = store->presets(store->ctx, device.device_id, take_preset, &list);
    if ((status == STATUS_OK || status == STATUS_MISSING) && !list.full) {
        http_reply_json(reply, HTTP_OK, build_presets, &list);
    } else {
        rest_reply_unavailable(reply);
    }
    free(list.preset);
    return true;
}
