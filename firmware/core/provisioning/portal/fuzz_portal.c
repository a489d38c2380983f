// SPDX-License-Identifier: MIT

/// Lines "method", "path", "query", "host", "origin", "accept", "authorization", "content type",
/// each up to its newline ("-" alone: absent), and a body: any of that gets a whole reply, and what
/// reaches the device keeps to its limits.

#include <stdint.h>
#include <string.h>

#include "agreeable_crypto.h"
#include "credential_rules.h"
#include "pairing_rig.h"
#include "portal.h"

enum { LINES = 8, LINE_SIZE = 1100 };

static bool is_submitted;

static size_t networks(void *ctx, bool refresh, struct wifi_network *out, size_t capacity,
                       bool *is_cached)
{
    (void)ctx;
    for (size_t i = 0; i < capacity; i++) {
        out[i] = (struct wifi_network){ .ssid_size = WIFI_SSID_LIMIT };
        memset(out[i].ssid, refresh ? 0x80 : 'n', WIFI_SSID_LIMIT);
    }
    *is_cached = refresh;
    return capacity;
}

static enum status submit(void *ctx, const struct portal_submission *submission)
{
    (void)ctx;
    const size_t id = strlen(submission->device_id);
    const size_t token = strlen(submission->token);
    if (!credential_is_ssid((const char *)submission->wifi.ssid, submission->wifi.ssid_size) ||
        !credential_is_password(submission->wifi.password, strlen(submission->wifi.password)) ||
        (id > 0 && !credential_is_device_id(submission->device_id, id)) ||
        (token > 0 && !credential_is_token(submission->token, token))) {
        __builtin_trap();
    }
    is_submitted = true;
    return STATUS_OK;
}

static void status(void *ctx, struct portal_status *out)
{
    (void)ctx;
    *out = (struct portal_status){ .state = "AP_MODE", .reason = "auth_failed" };
}

static void facts(void *ctx, struct portal_facts *out)
{
    (void)ctx;
    *out = (struct portal_facts){ .address = "192.168.4.1",
                                  .port = 80,
                                  .is_open = true,
                                  .is_hotspot_safe = true,
                                  .are_plain_taken = true,
                                  .origin = "http://app.example" };
}

static void failed(void *ctx)
{
    (void)ctx;
}

/// Pairs; the session's id is the same in every run, and the corpus has it.
static void begin_session(const struct crypto *crypto, struct pairing_rig *rig,
                          struct pairing_session *session)
{
    const struct pairing_hello hello = { .nonce = { 0 } };
    const uint8_t confirm[PAIRING_CONFIRM_SIZE] = { 0 };
    struct pairing_welcome welcome;
    uint8_t id[PAIRING_SESSION_ID_SIZE];
    pairing_rig_init(rig, crypto);
    pairing_session_init(session, &rig->needs);
    if (pairing_session_start(session, 0, &hello, &welcome) != STATUS_OK ||
        pairing_session_finish(session, 0, confirm, id) != STATUS_OK) {
        __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct portal_host host = { networks, submit, status, facts, failed, NULL };
    const struct crypto crypto = agreeable_crypto();
    static struct portal portal;
    static struct pairing_rig rig;
    static struct pairing_session session;
    static char lines[LINES][LINE_SIZE];
    const char *line[LINES];
    struct portal_reply reply;
    size_t at = 0;

    for (unsigned i = 0; i < LINES; i++) {
        size_t length = 0;
        while (at < size && data[at] != '\n') {
            const char byte = (char)data[at++];
            if (length + 1 < LINE_SIZE && byte != '\0') {
                lines[i][length++] = byte;
            }
        }
        at += at < size ? 1 : 0;
        lines[i][length] = '\0';
        line[i] = i >= 2 && strcmp(lines[i], "-") == 0 ? NULL : lines[i];
    }
    is_submitted = false;
    begin_session(&crypto, &rig, &session);
    portal_init(&portal, &host, &session);
    portal_answer(&portal,
                  &(struct portal_request){ .method = line[0],
                                            .path = line[1],
                                            .query = line[2],
                                            .host = line[3],
                                            .origin = line[4],
                                            .accept = line[5],
                                            .authorization = line[6],
                                            .content_type = line[7],
                                            .body = data + at,
                                            .body_size = size - at },
                  PAIRING_SESSION_START_MS, &reply);
    const bool accepted = reply.status == 200 || reply.status == 303;
    if (reply.status < 200 || reply.status > 599 || (is_submitted && !accepted) ||
        (is_submitted && strcmp(line[0], "POST") != 0) ||
        portal.submission.wifi.password[0] != '\0') {
        __builtin_trap();
    }
    return 0;
}
