// SPDX-License-Identifier: MIT
#include "fleet_fake.h"

#include <string.h>

#include "base64url.h"
#include "fake_proofs.h"
#include "json_reader.h"
#include "pem.h"
#include "self_report.h"
#include "summing_crypto.h"

enum { FIRST_UTC_S = 1767225600 }; // 2026-01-01.

/// Counts one step that lasts. @return whether it happens, and in `*is_heard` whether its caller
/// hears of it.
static bool takes_place(struct fleet_fake *fake, bool *is_heard)
{
    *is_heard = !fake->is_dead;
    if (fake->is_dead) {
        return false;
    }
    if (fake->steps_left > 0) {
        fake->steps_left--;
        fake->steps++;
        return true;
    }
    fake->is_dead = true;
    *is_heard = false;
    return fake->is_cut_after;
}

static struct fleet_fake_value *find_value(struct fleet_fake *fake, const char *key)
{
    for (unsigned i = 0; i < FLEET_FAKE_VALUE_COUNT; i++) {
        if (fake->values[i].is_set && strcmp(fake->values[i].key, key) == 0) {
            return &fake->values[i];
        }
    }
    return NULL;
}

static enum status get_value(void *ctx, const char *key, void *out, size_t capacity, size_t *size)
{
    const struct fleet_fake_value *value = find_value(ctx, key);
    if (value == NULL) {
        return STATUS_MISSING;
    }
    if (value->size > capacity) {
        return STATUS_FULL;
    }
    memcpy(out, value->bytes, value->size);
    *size = value->size;
    return STATUS_OK;
}

static enum status set_value(void *ctx, const char *key, const void *bytes, size_t size)
{
    struct fleet_fake *fake = ctx;
    struct fleet_fake_value *value = find_value(fake, key);
    bool is_heard = false;

    if (size > KEY_VALUE_SIZE_LIMIT || strlen(key) > KEY_VALUE_KEY_SIZE) {
        return STATUS_INVALID;
    }
    for (unsigned i = 0; value == NULL && i < FLEET_FAKE_VALUE_COUNT; i++) {
        value = fake->values[i].is_set ? NULL : &fake->values[i];
    }
    if (value == NULL) {
        return STATUS_FULL;
    }
    if (takes_place(fake, &is_heard)) {
        *value = (struct fleet_fake_value){ .size = size, .is_set = true };
        memcpy(value->key, key, strlen(key));
        memcpy(value->bytes, bytes, size);
    }
    return is_heard ? STATUS_OK : STATUS_IO;
}

static enum status erase_values(void *ctx)
{
    struct fleet_fake *fake = ctx;
    bool is_heard = false;
    if (takes_place(fake, &is_heard)) {
        memset(fake->values, 0, sizeof fake->values);
    }
    return is_heard ? STATUS_OK : STATUS_IO;
}

static enum status generate(void *ctx, enum keystore_slot slot,
                            uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    struct fleet_fake *fake = ctx;
    bool is_heard = false;

    if (takes_place(fake, &is_heard)) {
        fake->slots[slot] = (struct fleet_fake_slot){ .has_key = true };
        fake->keys_made++;
        fake->slots[slot].public_key[0] = 0x04;
        fake->slots[slot].public_key[1] = (uint8_t)fake->keys_made;
        fake->slots[slot].public_key[2] = (uint8_t)(fake->keys_made >> 8);
        memcpy(public_key, fake->slots[slot].public_key, KEYSTORE_PUBLIC_SIZE);
    }
    return is_heard ? STATUS_OK : STATUS_IO;
}

static enum status public_key_of(void *ctx, enum keystore_slot slot,
                                 uint8_t public_key[KEYSTORE_PUBLIC_SIZE])
{
    const struct fleet_fake *fake = ctx;
    if (!fake->slots[slot].has_key) {
        return STATUS_MISSING;
    }
    memcpy(public_key, fake->slots[slot].public_key, KEYSTORE_PUBLIC_SIZE);
    return STATUS_OK;
}

static uint32_t tell_capabilities(void *ctx)
{
    (void)ctx;
    return 0;
}

static enum status sign_digest(void *ctx, enum keystore_slot slot,
                               const uint8_t digest[KEYSTORE_DIGEST_SIZE],
                               uint8_t signature[KEYSTORE_SIGNATURE_SIZE])
{
    const struct fleet_fake *fake = ctx;
    if (!fake->slots[slot].has_key) {
        return STATUS_MISSING;
    }
    summing_crypto_sign(fake->slots[slot].public_key, digest, signature);
    signature[7] ^= slot == fake->wrong_slot ? 1 : 0;
    return STATUS_OK;
}

static enum status set_certificate(void *ctx, enum keystore_slot slot, const uint8_t *der,
                                   size_t size)
{
    struct fleet_fake *fake = ctx;
    bool is_heard = false;
    if (!fake->slots[slot].has_key || size > KEYSTORE_CERTIFICATE_LIMIT) {
        return STATUS_INVALID;
    }
    if (takes_place(fake, &is_heard)) {
        memcpy(fake->slots[slot].certificate, der, size);
        fake->slots[slot].certificate_size = size;
    }
    return is_heard ? STATUS_OK : STATUS_IO;
}

static enum status erase_key(void *ctx, enum keystore_slot slot)
{
    struct fleet_fake *fake = ctx;
    bool is_heard = false;
    if (takes_place(fake, &is_heard)) {
        fake->slots[slot] = (struct fleet_fake_slot){ .has_key = false };
    }
    return is_heard ? STATUS_OK : STATUS_IO;
}

/// A request that is nothing but the public key: the server's reading of them is tested elsewhere.
static enum status encode_csr(void *ctx, enum keystore_slot slot, const char *device_id,
                              uint8_t *der, size_t capacity, size_t *size)
{
    (void)device_id;
    *size = KEYSTORE_PUBLIC_SIZE;
    return capacity < KEYSTORE_PUBLIC_SIZE ? STATUS_FULL : public_key_of(ctx, slot, der);
}

/// A report at level "software": nobody can know more of a device that is made of memory.
static enum status report_with(void *ctx, enum keystore_slot slot,
                               const uint8_t nonce[ATTESTER_NONCE_SIZE], uint8_t *message,
                               size_t *size)
{
    const struct fleet_fake *fake = ctx;
    const struct attestation facts = { .level = ATTESTATION_SECURE_ELEMENT };
    return self_report_sign(&facts, &fake->keystore, slot, &fake->crypto, nonce, message, size);
}

// The server

static struct fleet_fake_certificate *find_certificate(struct fleet_fake *fake,
                                                       const uint8_t *public_key)
{
    for (unsigned i = fake->certificate_count; i > 0; i--) {
        if (memcmp(fake->certificates[i - 1].public_key, public_key, KEYSTORE_PUBLIC_SIZE) == 0) {
            return &fake->certificates[i - 1];
        }
    }
    return NULL;
}

static void refuse(struct fleet_fake *fake, int code, const char *error_code)
{
    fake->code = code;
    fake->body_size = 0;
    memset(fake->error_code, 0, sizeof fake->error_code);
    memcpy(fake->error_code, error_code, strlen(error_code));
}

static void append(struct fleet_fake *fake, const char *text)
{
    memcpy(fake->body + fake->body_size, text, strlen(text));
    fake->body_size += strlen(text);
}

static void answer_with(struct fleet_fake *fake, const struct fleet_fake_certificate *certificate)
{
    uint8_t der[1024];
    char text[2048];
    size_t text_size = 0;
    const char *name = fake->mood == FLEET_FAKE_WRONG_NAME ? "meter-2" : "meter-1";
    const size_t size =
        fake_certificate_write(name, certificate->public_key,
                               certificate->until_s - FLEET_FAKE_LIFE_S, certificate->until_s, der);

    refuse(fake, 200, "");
    if (pem_encode("CERTIFICATE", der, size, text, sizeof text, &text_size) != STATUS_OK) {
        fake->code = 500;
        return;
    }
    append(fake, fake->is_nested ? "{\"certificate\":{\"content\":\"" : "{\"certificate\":\"");
    for (size_t i = 0; i < text_size; i++) {
        const char letter[] = { text[i], '\0' };
        append(fake, text[i] == '\n' ? "\\n" : letter);
    }
    append(fake, fake->is_nested ? "\"},\"v\":2}" : "\",\"success\":true}");
}

static void issue(struct fleet_fake *fake, const uint8_t *public_key, enum fleet_fake_state state)
{
    struct fleet_fake_certificate *certificate = find_certificate(fake, public_key);

    if (fake->refused_key != 0 && public_key[1] == fake->refused_key) {
        refuse(fake, 409, "KEY_ALREADY_IN_USE");
        return;
    }
    if (certificate == NULL && fake->certificate_count < FLEET_FAKE_CERTIFICATE_LIMIT) {
        certificate = &fake->certificates[fake->certificate_count++];
        memcpy(certificate->public_key, public_key, KEYSTORE_PUBLIC_SIZE);
        certificate->until_s = fake->utc_s + FLEET_FAKE_LIFE_S;
        certificate->state = state;
    }
    if (certificate == NULL || certificate->state == FLEET_FAKE_SUPERSEDED) {
        refuse(fake, 409, "DEVICE_HAS_ACTIVE_CERTIFICATE");
        return;
    }
    answer_with(fake, certificate);
}

static void supersede_all(struct fleet_fake *fake)
{
    for (unsigned i = 0; i < fake->certificate_count; i++) {
        fake->certificates[i].state = FLEET_FAKE_SUPERSEDED;
    }
}

static void sign(struct fleet_fake *fake, const struct http_client_request *request,
                 const struct fake_request *read)
{
    const uint8_t *public_key = read->public_key;
    const bool is_right = fake->token[0] != '\0' && request->bearer != NULL &&
                          strcmp(request->bearer, fake->token) == 0;

    if (!is_right) {
        refuse(fake, 401, "TOKEN_NOT_FOUND");
    } else if (fake_proofs_refusal(fake, read) != NULL) {
        refuse(fake, 401, fake_proofs_refusal(fake, read));
    } else if (fake->token_used && memcmp(fake->token_key, public_key, KEYSTORE_PUBLIC_SIZE) != 0) {
        refuse(fake, 409, "TOKEN_ALREADY_USED");
    } else {
        fake_proofs_use(fake, read);
        if (!fake->token_used) {
            supersede_all(fake);
        }
        fake->token_used = true;
        memcpy(fake->token_key, public_key, KEYSTORE_PUBLIC_SIZE);
        issue(fake, public_key, FLEET_FAKE_ACTIVE);
    }
}

/// The certificate that the connection shows, if the device has its key.
static struct fleet_fake_certificate *shown(struct fleet_fake *fake,
                                            const struct http_client_request *request)
{
    const struct fleet_fake_slot *slot = &fake->slots[request->slot];
    return request->with_certificate && slot->has_key && slot->certificate_size > 0
               ? find_certificate(fake, slot->public_key)
               : NULL;
}

static void renew(struct fleet_fake *fake, const struct http_client_request *request,
                  struct fake_request *read)
{
    const struct fleet_fake_certificate *old = shown(fake, request);
    const bool is_over = old != NULL && fake->utc_s > old->until_s;

    read->speaker = old != NULL ? old->public_key : NULL;

    if (old == NULL || old->state != FLEET_FAKE_ACTIVE) {
        refuse(fake, 403, "CERTIFICATE_REVOKED");
    } else if (fake->utc_s > old->until_s + FLEET_FAKE_GRACE_S) {
        refuse(fake, 403, "CERTIFICATE_EXPIRED");
    } else if (is_over && read->report_size == 0) {
        refuse(fake, 403, "ATTESTATION_REQUIRED");
    } else if (read->has_challenge && fake_proofs_refusal(fake, read) != NULL) {
        refuse(fake, 401, fake_proofs_refusal(fake, read));
    } else {
        fake_proofs_use(fake, read);
        issue(fake, read->public_key, FLEET_FAKE_PENDING);
    }
}

static void confirm(struct fleet_fake *fake, const struct http_client_request *request)
{
    struct fleet_fake_certificate *new = shown(fake, request);

    if (new == NULL || new->state == FLEET_FAKE_SUPERSEDED || fake->utc_s > new->until_s) {
        refuse(fake, 403, "CERTIFICATE_EXPIRED");
        return;
    }
    if (new->state == FLEET_FAKE_PENDING) {
        supersede_all(fake);
        new->state = FLEET_FAKE_ACTIVE;
    }
    refuse(fake, 200, "");
}

static void challenge(struct fleet_fake *fake)
{
    char text[BASE64URL_LENGTH(ENROLMENT_CHALLENGE_SIZE) + 1];

    base64url_encode(fake_proofs_challenge(fake), ENROLMENT_CHALLENGE_SIZE, text);
    refuse(fake, 200, "");
    append(fake, "{\"challenge\":\"");
    append(fake, text);
    append(fake, "\",\"exp\":1}");
}

static bool is_call(const struct http_client_request *request, enum enrolment_protocol protocol,
                    enum enrolment_call call)
{
    const char *query = strchr(request->path, '=');
    char path[ENROLMENT_PATH_SIZE];
    return enrolment_path(protocol, call, query != NULL ? query + 1 : "", path) == STATUS_OK &&
           strcmp(request->path, path) == 0;
}

static void serve(struct fleet_fake *fake, const struct http_client_request *request)
{
    const bool is_first = strncmp(request->path, "/api/v1/", 8) == 0;
    const enum enrolment_protocol protocol = is_first ? ENROLMENT_FIRST : ENROLMENT_V2;
    struct fake_request read = { .protocol = protocol };

    fake->first_calls += is_first ? 1 : 0;
    refuse(fake, 404, ""); // Unless one of these answers.
    if (fake->mood == FLEET_FAKE_OLD && !is_first) {
        return;
    }
    if (is_call(request, protocol, ENROLMENT_CHALLENGE)) {
        challenge(fake);
    } else if (is_call(request, protocol, ENROLMENT_CONFIRM)) {
        confirm(fake, request);
    } else if (!fake_proofs_read(request, &read)) {
        refuse(fake, 400, "INVALID_CSR");
    } else if (is_call(request, protocol, ENROLMENT_SIGN)) {
        sign(fake, request, &read);
    } else if (is_call(request, protocol, ENROLMENT_RENEW)) {
        renew(fake, request, &read);
    }
}

static enum status begin(void *ctx, const struct http_client_request *request)
{
    struct fleet_fake *fake = ctx;
    bool is_heard = false;

    if (fake->is_asked) {
        return STATUS_BUSY;
    }
    fake->requests++;
    memset(fake->seen_bearer, 0, sizeof fake->seen_bearer);
    if (request->bearer != NULL) {
        memcpy(fake->seen_bearer, request->bearer, strlen(request->bearer));
    }
    fake->is_asked = true;
    refuse(fake, 0, "");
    if (fake->mood == FLEET_FAKE_BUSY) {
        refuse(fake, 503, "");
    } else if ((fake->mood == FLEET_FAKE_WELL || fake->mood == FLEET_FAKE_WRONG_NAME ||
                fake->mood == FLEET_FAKE_OLD) &&
               takes_place(fake, &is_heard)) {
        serve(fake, request);
    }
    return fake->is_dead ? STATUS_IO : STATUS_OK;
}

static enum status poll(void *ctx, struct http_client_reply *reply, const char **reason)
{
    struct fleet_fake *fake = ctx;

    *reason = "the fake says so";
    if (!fake->is_asked) {
        return STATUS_MISSING;
    }
    if (fake->mood == FLEET_FAKE_SILENT) {
        return STATUS_BUSY;
    }
    fake->is_asked = false;
    if (fake->is_dead || fake->mood == FLEET_FAKE_BROKEN) {
        return STATUS_IO;
    }
    if (fake->mood == FLEET_FAKE_STRANGER) {
        return STATUS_CORRUPT;
    }
    *reply = (struct http_client_reply){ .code = fake->code,
                                         .body = (const uint8_t *)fake->body,
                                         .body_size = fake->body_size,
                                         .error_code = fake->error_code };
    return STATUS_OK;
}

static void cancel(void *ctx)
{
    struct fleet_fake *fake = ctx;
    fake->is_asked = false;
}

static bool utc(void *ctx, int64_t *utc_ms, uint32_t *uncertainty_ms)
{
    const struct fleet_fake *fake = ctx;
    *utc_ms = fake->utc_s * 1000;
    *uncertainty_ms = 0;
    return !fake->time_unknown;
}

static enum status fill(void *ctx, void *out, size_t size)
{
    struct fleet_fake *fake = ctx;
    uint8_t *bytes = out;
    for (size_t i = 0; i < size; i++) {
        fake->random = fake->random * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (uint8_t)(fake->random >> 56);
    }
    return STATUS_OK;
}

void fleet_fake_init(struct fleet_fake *fake, const char *token)
{
    *fake = (struct fleet_fake){ .utc_s = FIRST_UTC_S,
                                 .steps_left = UINT32_MAX,
                                 .wrong_slot = KEYSTORE_SLOT_COUNT,
                                 .random = 1,
                                 .is_nested = true };
    memcpy(fake->token, token, strlen(token));
    fake->key_value = (struct key_value){
        .get = get_value, .set = set_value, .erase_all = erase_values, .ctx = fake
    };
    fake->keystore = (struct keystore){ .capabilities = tell_capabilities,
                                        .sign = sign_digest,
                                        .generate = generate,
                                        .public_key = public_key_of,
                                        .set_certificate = set_certificate,
                                        .erase = erase_key,
                                        .ctx = fake };
    fake->http =
        (struct http_client){ .begin = begin, .poll = poll, .cancel = cancel, .ctx = fake };
    fake->csr = (struct csr_encoder){ .encode = encode_csr, .ctx = fake };
    fake->clock = (struct clock){ .utc_ms = utc, .ctx = fake };
    fake->entropy = (struct entropy){ .fill = fill, .ctx = fake };
    fake->crypto = summing_crypto(NULL);
    fake->attester = (struct attester){ .report_with = report_with, .ctx = fake };
}

void fleet_fake_cut_after(struct fleet_fake *fake, unsigned steps, bool is_cut_after)
{
    fake->steps_left = steps;
    fake->is_cut_after = is_cut_after;
}

void fleet_fake_power_up(struct fleet_fake *fake)
{
    fake->is_dead = false;
    fake->is_asked = false;
    fake->steps_left = UINT32_MAX;
}

bool fleet_fake_is_welcome(const struct fleet_fake *fake, enum keystore_slot slot)
{
    const struct fleet_fake_slot *shown_slot = &fake->slots[slot];
    for (unsigned i = 0; i < fake->certificate_count; i++) {
        const struct fleet_fake_certificate *certificate = &fake->certificates[i];
        if (shown_slot->has_key && shown_slot->certificate_size > 0 &&
            memcmp(certificate->public_key, shown_slot->public_key, KEYSTORE_PUBLIC_SIZE) == 0) {
            return certificate->state == FLEET_FAKE_ACTIVE && fake->utc_s <= certificate->until_s;
        }
    }
    return false;
}

unsigned fleet_fake_errands(const struct fleet_fake *fake)
{
    return fake->requests - fake->challenge_count;
}
