// SPDX-License-Identifier: MIT
#include "hotspot_identity.h"

#include <string.h>

#include "constant_time.h"

static enum status derive(const struct keystore *keystore, const char *label, uint8_t *out,
                          size_t size)
{
    return keystore->derive(keystore->ctx, KEYSTORE_SECRET_POSSESSION, NULL, 0,
                            (const uint8_t *)label, strlen(label), out, size);
}

enum status hotspot_identity_derive(const struct keystore *keystore, const char *prefix,
                                    struct hotspot_identity *identity)
{
    uint8_t seed[PAIRING_PASSWORD_SEED_SIZE];
    uint8_t id[PAIRING_ID_SIZE];

    *identity = (struct hotspot_identity){ .name = "" };
    enum status status = derive(keystore, pairing_code_password_label, seed, sizeof seed);
    if (status == STATUS_OK) {
        status = derive(keystore, pairing_code_id_label, id, sizeof id);
    }
    if (status == STATUS_OK) {
        pairing_code_hotspot_name(prefix, id, identity->name);
        pairing_code_password(seed, identity->password);
    }
    constant_time_wipe(seed, sizeof seed);
    return status;
}
