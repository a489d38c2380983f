// SPDX-License-Identifier: MIT
#include "time_server.h"

#include <stdatomic.h>
#include <sys/time.h>

#include "esp_netif_sntp.h"
#include "esp_timer.h"

static const int64_t US_PER_S = 1000000;

/// Uptime at the last answer, in seconds and at least 1; 0: there was none. SNTP's callback has no
/// context of its own.
static _Atomic uint32_t answered_s;

static uint32_t uptime_s(void)
{
    return (uint32_t)(esp_timer_get_time() / US_PER_S);
}

static void on_answer(struct timeval *time)
{
    const uint32_t now_s = uptime_s();
    (void)time;
    atomic_store(&answered_s, now_s > 0 ? now_s : 1);
}

enum status time_server_start(const char *server)
{
    esp_sntp_config_t config = ESP_NETIF_SNTP_DEFAULT_CONFIG(server);
    config.wait_for_sync = false;
    config.sync_cb = on_answer;
    return esp_netif_sntp_init(&config) == ESP_OK ? STATUS_OK : STATUS_IO;
}

bool time_server_utc_ms(void *ctx, int64_t *utc_ms, uint32_t *uncertainty_ms)
{
    const uint32_t since_s = atomic_load(&answered_s);
    struct timeval now;
    (void)ctx;
    if (since_s == 0 || gettimeofday(&now, NULL) != 0) {
        return false;
    }
    const uint64_t drift_ms = (uint64_t)(uptime_s() - since_s) * TIME_SERVER_DRIFT_PPM / 1000u;
    *utc_ms = (int64_t)now.tv_sec * 1000 + now.tv_usec / 1000;
    *uncertainty_ms = drift_ms < UINT32_MAX - TIME_SERVER_JUMP_MS
                          ? (uint32_t)drift_ms + TIME_SERVER_JUMP_MS
                          : UINT32_MAX;
    return true;
}
