// SPDX-License-Identifier: MIT
#include "daemon_config.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device_id.h"

enum { LINE_SIZE = 1024, KEY_SIZE = 64, SHORTEST_LIFE_S = 10 };

enum kind { KIND_TEXT, KIND_NUMBER, KIND_SWITCH };

struct key {
    const char *name;
    enum kind kind;
    size_t offset;
    size_t size; ///< KIND_TEXT: room.
    unsigned low;
    unsigned high;
};

#define TEXT(member)                                                                               \
    {                                                                                              \
#member, KIND_TEXT, offsetof(struct daemon_config, member),                                \
            sizeof(((struct daemon_config *)NULL)->member), 0, 0                                   \
    }
#define NUMBER(member, low, high)                                                                  \
    {                                                                                              \
#member, KIND_NUMBER, offsetof(struct daemon_config, member), 0, (low), (high)             \
    }
#define SWITCH(member)                                                                             \
    {                                                                                              \
#member, KIND_SWITCH, offsetof(struct daemon_config, member), 0, 0, 0                      \
    }

static const struct key keys[] = {
    TEXT(store_path),
    TEXT(accounts_path),
    SWITCH(store_simulate_power_cut),
    TEXT(broker_host),
    NUMBER(broker_port, 1, 65535),
    TEXT(broker_ca_file),
    TEXT(broker_certificate_file),
    TEXT(broker_key_file),
    TEXT(command_key_file),
    TEXT(identity_list_file),
    TEXT(identity_folder),
    TEXT(guard_socket),
    TEXT(lab_device),
    NUMBER(flood_messages_per_s, 1, 100000),
    NUMBER(queue_kib, 256, 1048576),
    TEXT(https_address),
    NUMBER(https_port, 0, 65535),
    TEXT(https_certificate_file),
    TEXT(https_key_file),
    SWITCH(http_local),
    NUMBER(http_local_port, 0, 65535),
    TEXT(dashboard_folder),
    TEXT(administrator_password_file),
    TEXT(authority_folder),
    TEXT(authority_hosts),
    TEXT(crl_url),
    TEXT(devices_address),
    NUMBER(devices_port, 0, 65535),
    NUMBER(certificate_life_h, 1, 9552),
    NUMBER(certificate_life_s, 0, 86400),
    NUMBER(token_life_s, 60, 86400),
    NUMBER(renewal_grace_days, 0, 365),
    NUMBER(enrolment_burst, 1, 1000000),
    NUMBER(enrolment_refill_ms, 1, 60000),
    NUMBER(request_burst, 1, 1000000),
    NUMBER(request_refill_ms, 1, 60000),
};

void daemon_config_init(struct daemon_config *config)
{
    *config = (struct daemon_config){
        .broker_host = "localhost",
        .broker_port = 8883,
        .flood_messages_per_s = 100,
        .queue_kib = 8192,
        .https_address = "127.0.0.1",
        .https_port = 8443,
        .http_local_port = 8080,
        .devices_address = "127.0.0.1",
        .devices_port = 8445,
        .certificate_life_h = 90 * 24,
        .token_life_s = 3600,
        .renewal_grace_days = 30,
        .enrolment_burst = 300,
        .enrolment_refill_ms = 100,
        .request_burst = 2000,
        .request_refill_ms = 2,
    };
}

static const struct key *find_key(const char *name)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

static bool set_number(void *member, const struct key *key, const char *value, char *error,
                       size_t error_size)
{
    char *end = NULL;
    errno = 0;
    const unsigned long number = strtoul(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || value[0] == '-' || number < key->low ||
        number > key->high) {
        (void)snprintf(error, error_size, "%s must be a number from %u to %u, not '%s'", key->name,
                       key->low, key->high, value);
        return false;
    }
    const unsigned small = (unsigned)number;
    memcpy(member, &small, sizeof small);
    return true;
}

static bool set_value(struct daemon_config *config, const char *name, const char *value,
                      char *error, size_t error_size)
{
    const struct key *key = find_key(name);
    if (key == NULL) {
        (void)snprintf(error, error_size, "there is no key '%s'", name);
        return false;
    }
    void *member = (uint8_t *)config + key->offset;
    switch (key->kind) {
    case KIND_TEXT:
        if (strlen(value) >= key->size) {
            (void)snprintf(error, error_size, "%s is longer than %zu bytes", name, key->size - 1);
            return false;
        }
        memcpy(member, value, strlen(value) + 1);
        return true;
    case KIND_NUMBER:
        return set_number(member, key, value, error, error_size);
    case KIND_SWITCH:
        break;
    }
    const bool on = strcmp(value, "true") == 0;
    if (!on && strcmp(value, "false") != 0) {
        (void)snprintf(error, error_size, "%s must be true or false, not '%s'", name, value);
        return false;
    }
    memcpy(member, &on, sizeof on);
    return true;
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    size_t size = strlen(text);
    while (size > 0 && isspace((unsigned char)text[size - 1])) {
        text[--size] = '\0';
    }
    return text;
}

static bool read_line(struct daemon_config *config, char *line, char *error, size_t error_size)
{
    char *text = trim(line);
    if (*text == '\0' || *text == '#') {
        return true;
    }
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        (void)snprintf(error, error_size, "a line must be 'key = value'");
        return false;
    }
    *equals = '\0';
    return set_value(config, trim(text), trim(equals + 1), error, error_size);
}

bool daemon_config_read_stream(struct daemon_config *config, FILE *file, const char *name,
                               char *error, size_t error_size)
{
    char line[LINE_SIZE];
    char cause[256];
    bool good = true;
    for (unsigned number = 1; good && fgets(line, sizeof line, file) != NULL; number++) {
        const bool whole = strchr(line, '\n') != NULL || feof(file) != 0;
        (void)snprintf(cause, sizeof cause, "the line is too long");
        good = whole && read_line(config, line, cause, sizeof cause);
        if (!good) {
            (void)snprintf(error, error_size, "%s:%u: %s", name, number, cause);
        }
    }
    if (good && ferror(file) != 0) {
        (void)snprintf(error, error_size, "%s: %s", name, strerror(errno));
        good = false;
    }
    return good;
}

bool daemon_config_read(struct daemon_config *config, const char *path, char *error,
                        size_t error_size)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        (void)snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return false;
    }
    const bool good = daemon_config_read_stream(config, file, path, error, error_size);
    (void)fclose(file);
    return good;
}

bool daemon_config_read_environment(struct daemon_config *config, const char *const *environment,
                                    char *error, size_t error_size)
{
    static const char prefix[] = "OHMD_";
    for (; *environment != NULL; environment++) {
        const char *equals = strchr(*environment, '=');
        if (strncmp(*environment, prefix, sizeof prefix - 1) != 0 || equals == NULL) {
            continue;
        }
        char name[KEY_SIZE] = "";
        const char *upper = *environment + sizeof prefix - 1;
        for (size_t i = 0; upper + i < equals && i + 1 < sizeof name; i++) {
            name[i] = (char)tolower((unsigned char)upper[i]);
        }
        char cause[256];
        if (!set_value(config, name, equals + 1, cause, sizeof cause)) {
            (void)snprintf(error, error_size, "environment: OHMD_ variable: %s", cause);
            return false;
        }
    }
    return true;
}

bool daemon_config_check(const struct daemon_config *config, char *error, size_t error_size)
{
    const bool has_authority = config->authority_folder[0] != '\0';
    const struct {
        const char *name;
        const char *value;
    } needed[] = {
        { "store_path", config->store_path },
        { "accounts_path", config->accounts_path },
        { "broker_host", config->broker_host },
        // With an authority of its own the server knows these by itself.
        { "broker_ca_file", has_authority ? "-" : config->broker_ca_file },
        { "broker_certificate_file", has_authority ? "-" : config->broker_certificate_file },
        { "broker_key_file", has_authority ? "-" : config->broker_key_file },
    };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (needed[i].value[0] == '\0') {
            (void)snprintf(error, error_size, "%s is not set", needed[i].name);
            return false;
        }
    }
    if ((config->https_certificate_file[0] == '\0') != (config->https_key_file[0] == '\0')) {
        (void)snprintf(error, error_size, "https_certificate_file and https_key_file go together");
        return false;
    }
    if ((config->broker_certificate_file[0] == '\0') != (config->broker_key_file[0] == '\0')) {
        (void)snprintf(error, error_size,
                       "broker_certificate_file and broker_key_file go together");
        return false;
    }
    if (config->certificate_life_s != 0 && config->certificate_life_s < SHORTEST_LIFE_S) {
        (void)snprintf(error, error_size, "certificate_life_s must be 0, or at least %d",
                       SHORTEST_LIFE_S);
        return false;
    }
    char device_id[DEVICE_ID_SIZE];
    if (config->lab_device[0] != '\0' &&
        !device_id_parse(config->lab_device, strlen(config->lab_device), device_id)) {
        (void)snprintf(error, error_size, "lab_device is no valid device name");
        return false;
    }
    return true;
}
