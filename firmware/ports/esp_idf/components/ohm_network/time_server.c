// SPDX-License-Identifier: MIT
#include "time_server.h"

#include <sys/time.h>

#include "esp_netif_sntp.h"

/// SNTP's callback has no context of its own, and there is one SNTP.
static struct {
    void (*tell)(void *ctx, int64_t utc_ms, uint32_t uncertainty_ms);
    void *ctx;
} listener;

static void on_answer(struct timeval *time)
{
    listener.tell(listener.ctx, (int64_t)time->tv_sec * 1000 + time->tv_usec / 1000,
                  TIME_SERVER_UNCERTAINTY_MS);
}

enum status time_server_start(const char *server,
                              void (*tell)(void *ctx, int64_t utc_ms, uint32_t uncertainty_ms),
                              void *ctx)
{
    esp_sntp_config_t config = ESP_NETIF_SNTP_DEFAULT_CONFIG(server);
    config.wait_for_sync = false;
    config.sync_cb = on_answer;
    listener.tell = tell;
    listener.ctx = ctx;
    return esp_netif_sntp_init(&config) == ESP_OK ? STATUS_OK : STATUS_IO;
}
