// SPDX-License-Identifier: MIT

/// Whatever a device answers, at any of the three steps, is refused or keeps to the client's
/// storage. The cryptography says yes to everything, so that what follows a check is reached.

#include <string.h>

#include "agreeable_crypto.h"
#include "pairing_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct crypto crypto = agreeable_crypto();
    static const uint8_t random[PAIRING_CLIENT_RANDOM_SIZE];
    static const struct pairing_code code = { .device_id = "meter-1" };
    struct pairing_client client;
    char body[PAIRING_CLIENT_BODY_SIZE];
    char text[64];
    const char *answer = (const char *)data;

    if (pairing_client_hello(&client, &crypto, &code, random, body) != STATUS_OK) {
        __builtin_trap();
    }
    const enum status welcomed = pairing_client_welcome(&client, answer, size, body);
    const enum status begun = pairing_client_session(&client, answer, size);
    if (pairing_client_seal(&client, "{}", body) != STATUS_OK) {
        __builtin_trap();
    }
    const enum status opened = pairing_client_open(&client, answer, size, text, sizeof text);
    if (opened == STATUS_OK && (welcomed == STATUS_OK || strlen(text) >= sizeof text)) {
        __builtin_trap();
    }
    (void)begun;
    return 0;
}
