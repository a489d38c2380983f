// SPDX-License-Identifier: MIT
#include "nvs_values.h"

#include <string.h>

#include "constant_time.h"
#include "encrypted_nvs.h"

/// A value is kept behind one byte, so that an empty one is a blob too.
enum { FORMAT = 1 };

static const char SPACE_KEY[] = "space";

static enum status outcome(esp_err_t error)
{
    switch (error) {
    case ESP_OK:
        return STATUS_OK;
    case ESP_ERR_NVS_NOT_FOUND:
        return STATUS_MISSING;
    case ESP_ERR_NVS_NOT_ENOUGH_SPACE:
        return STATUS_FULL;
    case ESP_ERR_NVS_INVALID_NAME:
    case ESP_ERR_NVS_KEY_TOO_LONG:
    case ESP_ERR_NVS_VALUE_TOO_LONG:
        return STATUS_INVALID;
    case ESP_ERR_NVS_NO_FREE_PAGES:
    case ESP_ERR_NVS_NEW_VERSION_FOUND:
    case ESP_ERR_NVS_CORRUPT_KEY_PART:
    case ESP_ERR_NVS_WRONG_ENCRYPTION:
    case ESP_ERR_NVS_TYPE_MISMATCH:
    case ESP_ERR_NVS_INVALID_LENGTH:
        return STATUS_CORRUPT;
    default:
        return STATUS_IO;
    }
}

static nvs_handle_t home_of(const struct nvs_values *values, const char *key)
{
    return key[0] == KEY_VALUE_LASTING ? values->lasting : values->space[values->current];
}

static enum status get_locked(struct nvs_values *values, const char *key, void *out,
                              size_t capacity, size_t *size)
{
    size_t found = sizeof values->buffer;
    enum status status = outcome(nvs_get_blob(home_of(values, key), key, values->buffer, &found));

    if (status != STATUS_OK) {
        return status;
    }
    if (found == 0 || values->buffer[0] != FORMAT) {
        return STATUS_CORRUPT;
    }
    if (found - 1 > capacity) {
        return STATUS_FULL;
    }
    memcpy(out, values->buffer + 1, found - 1);
    *size = found - 1;
    return STATUS_OK;
}

static enum status get(void *ctx, const char *key, void *out, size_t capacity, size_t *size)
{
    struct nvs_values *values = ctx;

    (void)xSemaphoreTake(values->mutex, portMAX_DELAY);
    const enum status status = get_locked(values, key, out, capacity, size);
    constant_time_wipe(values->buffer, sizeof values->buffer);
    (void)xSemaphoreGive(values->mutex);
    return status;
}

static enum status set(void *ctx, const char *key, const void *value, size_t size)
{
    struct nvs_values *values = ctx;

    if (key[0] == '\0' || size > KEY_VALUE_SIZE_LIMIT) {
        return STATUS_INVALID;
    }
    (void)xSemaphoreTake(values->mutex, portMAX_DELAY);
    const nvs_handle_t home = home_of(values, key);
    values->buffer[0] = FORMAT;
    if (size > 0) {
        memcpy(values->buffer + 1, value, size);
    }
    esp_err_t error = nvs_set_blob(home, key, values->buffer, 1 + size);
    if (error == ESP_OK) {
        error = nvs_commit(home);
    }
    constant_time_wipe(values->buffer, sizeof values->buffer);
    (void)xSemaphoreGive(values->mutex);
    return outcome(error);
}

static esp_err_t clear(nvs_handle_t space)
{
    const esp_err_t error = nvs_erase_all(space);
    return error == ESP_OK ? nvs_commit(space) : error;
}

static enum status erase_all(void *ctx)
{
    struct nvs_values *values = ctx;

    (void)xSemaphoreTake(values->mutex, portMAX_DELAY);
    const uint32_t next = 1 - values->current;
    esp_err_t error = clear(values->space[next]);
    if (error == ESP_OK) {
        error = nvs_set_u32(values->lasting, SPACE_KEY, next);
    }
    if (error == ESP_OK) {
        error = nvs_commit(values->lasting);
    }
    if (error == ESP_OK) {
        const nvs_handle_t old = values->space[values->current];
        values->current = next;
        // All is forgotten already; what is left of it is cleared away at the next start.
        (void)clear(old);
    }
    (void)xSemaphoreGive(values->mutex);
    return outcome(error);
}

static esp_err_t open_spaces(struct nvs_values *values)
{
    esp_err_t error = nvs_open("lasting", NVS_READWRITE, &values->lasting);
    if (error == ESP_OK) {
        error = nvs_open("a", NVS_READWRITE, &values->space[0]);
    }
    if (error == ESP_OK) {
        error = nvs_open("b", NVS_READWRITE, &values->space[1]);
    }
    if (error == ESP_OK) {
        error = nvs_get_u32(values->lasting, SPACE_KEY, &values->current);
        error = error == ESP_ERR_NVS_NOT_FOUND ? ESP_OK : error;
    }
    return error;
}

enum status nvs_values_open(struct nvs_values *values)
{
    *values = (struct nvs_values){ .current = 0 };
    values->mutex = xSemaphoreCreateMutexStatic(&values->mutex_storage);
    enum status status = outcome(encrypted_nvs_open());
    if (status == STATUS_OK) {
        status = outcome(open_spaces(values));
    }
    if (status == STATUS_OK && values->current > 1) {
        status = STATUS_CORRUPT;
    }
    if (status == STATUS_OK) {
        status = outcome(clear(values->space[1 - values->current]));
    }
    values->seam =
        (struct key_value){ .get = get, .set = set, .erase_all = erase_all, .ctx = values };
    return status == STATUS_MISSING ? STATUS_IO : status;
}

const struct key_value *nvs_values_seam(const struct nvs_values *values)
{
    return &values->seam;
}
