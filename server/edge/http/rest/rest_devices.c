// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "fleet_json.h"
#include "rest_body.h"
#include "rest_handlers.h"

enum { PAGE_LIMIT = 200, PAGE_DEFAULT = 50 };

struct device_page {
    int64_t page;
    int64_t per_page;
    struct device_view *views;
    size_t count;
    size_t total;
};

static void build_page(struct json_writer *writer, const void *ctx)
{
    const struct device_page *page = ctx;
    const int64_t total = (int64_t)page->total;
    json_writer_begin_object(writer, NULL);
    json_writer_begin_array(writer, "devices");
    for (size_t i = 0; i < page->count; i++) {
        fleet_json_device(writer, NULL, &page->views[i]);
    }
    json_writer_end_array(writer);
    json_writer_begin_object(writer, "pagination");
    json_writer_integer(writer, "page", page->page);
    json_writer_integer(writer, "per_page", page->per_page);
    json_writer_integer(writer, "total", total);
    json_writer_integer(writer, "pages", (total + page->per_page - 1) / page->per_page);
    json_writer_end_object(writer);
    json_writer_end_object(writer);
}

bool rest_list_devices(struct rest *rest, const struct rest_request *request,
                       struct http_reply *reply)
{
    static const char *const names[] = { "page", "per_page" };
    struct device_page page = { .page = 1, .per_page = PAGE_DEFAULT };

    if (!rest_check_query(request, names, 2, reply) ||
        !rest_query_number(request, "page", 1, DEVICE_REGISTRY_LIMIT, &page.page, reply) ||
        !rest_query_number(request, "per_page", 1, PAGE_LIMIT, &page.per_page, reply)) {
        return true;
    }
    page.views = calloc((size_t)page.per_page, sizeof *page.views);
    if (page.views == NULL) {
        http_reply_empty(reply, HTTP_INTERNAL_ERROR);
        return true;
    }
    const size_t skip = (size_t)(page.page - 1) * (size_t)page.per_page;
    device_registry_list(rest->fleet->devices, skip, page.views, (size_t)page.per_page, &page.count,
                         &page.total);
    http_reply_json(reply, HTTP_OK, build_page, &page);
    free(page.views);
    return true;
}

static bool find_device(struct rest *rest, const char *name, struct device_view *device,
                        struct http_reply *reply)
{
    char device_id[DEVICE_ID_SIZE];
    if (device_id_parse(name, strlen(name), device_id) &&
        device_registry_find(rest->fleet->devices, device_id, device) == STATUS_OK) {
        return true;
    }
    http_reply_error(reply, HTTP_NOT_FOUND, "device_not_found", "There is no device \"%.64s\".",
                     name);
    return false;
}

bool rest_find_device(struct rest *rest, const struct rest_request *request,
                      struct device_view *device, struct http_reply *reply)
{
    return find_device(rest, request->arguments.id, device, reply);
}

bool rest_read_stream(struct rest *rest, const struct rest_request *request,
                      char device_id[DEVICE_ID_SIZE], struct http_reply *reply)
{
    static const char *const names[] = { "device" };
    const char *name = http_target_query(request->target, "device");
    struct device_view device;

    device_id[0] = '\0';
    if (!rest_check_query(request, names, 1, reply)) {
        return false;
    }
    if (name == NULL) {
        return true;
    }
    if (!find_device(rest, name, &device, reply)) {
        return false;
    }
    memcpy(device_id, device.device_id, DEVICE_ID_SIZE);
    return true;
}

static void build_device(struct json_writer *writer, const void *ctx)
{
    fleet_json_device(writer, NULL, ctx);
}

bool rest_show_device(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply)
{
    struct device_view device;
    if (rest_check_query(request, NULL, 0, reply) &&
        rest_find_device(rest, request, &device, reply)) {
        http_reply_json(reply, HTTP_OK, build_device, &device);
    }
    return true;
}

/// A name is one line: no control characters. That it is UTF-8 the JSON reader has seen to.
static bool is_name(const char *name)
{
    for (size_t i = 0; name[i] != '\0'; i++) {
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7F) {
            return false;
        }
    }
    return true;
}

bool rest_rename_device(struct rest *rest, const struct rest_request *request,
                        struct http_reply *reply)
{
    static const char *const members[] = { "name" };
    const struct fleet_store *store = rest->fleet->store;
    struct json_reader reader;
    struct device_view device;
    char name[DEVICE_NAME_SIZE];

    if (!rest_find_device(rest, request, &device, reply) ||
        !rest_body_open(&reader, request, members, 1, reply) ||
        !rest_body_text(&reader, "name", name, sizeof name, "invalid_request", reply)) {
        return true;
    }
    if (!is_name(name)) {
        http_reply_error(reply, HTTP_BAD_REQUEST, "invalid_request",
                         "\"name\" must be one line without control characters.");
        return true;
    }
    enum status status = store->rename_device(store->ctx, device.device_id, name);
    if (status == STATUS_OK) {
        status = device_registry_rename(rest->fleet->devices, device.device_id, name);
    }
    if (status == STATUS_OK) {
        status = device_registry_find(rest->fleet->devices, device.device_id, &device);
    }
    if (status == STATUS_OK) {
        http_reply_json(reply, HTTP_OK, build_device, &device);
    } else {
        rest_reply_unavailable(reply);
    }
    return true;
}

static void build_reading(struct json_writer *writer, const void *ctx)
{
    fleet_json_reading(writer, NULL, ctx);
}

bool rest_show_latest(struct rest *rest, const struct rest_request *request,
                      struct http_reply *reply)
{
    struct device_view device;
    struct stored_reading latest;
    if (!rest_check_query(request, NULL, 0, reply) ||
        !rest_find_device(rest, request, &device, reply)) {
        return true;
    }
    if (device_registry_latest(rest->fleet->devices, device.device_id, &latest) == STATUS_OK) {
        http_reply_json(reply, HTTP_OK, build_reading, &latest);
    } else {
        http_reply_error(reply, HTTP_NOT_FOUND, "no_readings",
                         "The device has not delivered a reading yet.");
    }
    return true;
}
