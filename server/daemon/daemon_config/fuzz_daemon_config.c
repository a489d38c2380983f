// SPDX-License-Identifier: MIT

/// Any configuration is taken, or refused with a sentence; what was taken ends within its field.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct daemon_config config;
    char error[256] = "";
    FILE *file = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;

    if (file == NULL) {
        return 0;
    }
    daemon_config_init(&config);
    const bool good = daemon_config_read_stream(&config, file, "input", error, sizeof error);
    (void)fclose(file);
    if (good == (error[0] != '\0') ||
        memchr(config.store_path, '\0', sizeof config.store_path) == NULL ||
        memchr(config.broker_host, '\0', sizeof config.broker_host) == NULL) {
        abort();
    }
    (void)daemon_config_check(&config, error, sizeof error);
    return 0;
}
