// SPDX-License-Identifier: MIT
#include "pairing_input.h"

#include <string.h>

#include "openssl_crypto.h"
#include "secret_prompt.h"

static const char default_prefix[] = "Ohmstead";

enum exit_code ohm_read_pairing(const struct ohm *ohm, struct pairing_input *input)
{
    const struct crypto crypto = openssl_crypto();
    const char *prefix = options_line_value(ohm->line, "prefix");
    char typed[OHM_SECRET_SIZE] = "";
    uint8_t seed[PAIRING_PASSWORD_SEED_SIZE];
    uint8_t id[PAIRING_ID_SIZE];

    *input = (struct pairing_input){ .text = "" };
    const enum exit_code code = ohm_read_secret(ohm, "code-file", "Pairing code: ", typed);
    if (code != OHM_DONE) {
        return code;
    }
    enum status status = pairing_code_read(typed, strlen(typed), &input->code);
    explicit_bzero(typed, sizeof typed);
    if (status != STATUS_OK) {
        return ohm_say(OHM_USAGE,
                       "that is no pairing code; one looks like EM1:NAME: followed by 26 "
                       "letters and digits");
    }
    status = pairing_code_write(&input->code, input->text);
    if (status == STATUS_OK) {
        status = pairing_code_derive(&crypto, input->code.secret, seed, id);
    }
    if (status == STATUS_OK) {
        pairing_code_password(seed, input->password);
        pairing_code_hotspot_name(prefix != NULL ? prefix : default_prefix, id, input->hotspot);
        status = pairing_code_join(input->hotspot, input->password, input->join);
    }
    explicit_bzero(seed, sizeof seed);
    return status == STATUS_OK ? OHM_DONE : ohm_say(OHM_FAILED, "the code cannot be worked out");
}
