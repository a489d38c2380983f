// SPDX-License-Identifier: MIT
#define MBEDTLS_ALLOW_PRIVATE_ACCESS // For the two fields of a key's context.
#include "keystore_tls.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ecdsa_der.h"
#include "mbedtls/ecp.h"
#include "mbedtls/error.h"
#include "mbedtls/pk.h"
#include "mbedtls/ssl.h"
#include "mbedtls/x509_crt.h"
#include "pk_wrap.h"

enum { KEY_BITS = 256 };

static const time_t PLAUSIBLE_S = 1704067200; // 2024: a clock that says less was never set.

/// What one use shows and trusts.
struct prepared {
    bool is_ready;
    bool with_certificate;
    const struct keystore *keystore;
    enum keystore_slot slot;
    mbedtls_x509_crt authority;
    mbedtls_x509_crt certificate;
    mbedtls_pk_context key;
};

static struct prepared places[KEYSTORE_TLS_USES];

static size_t key_bits(mbedtls_pk_context *key)
{
    (void)key;
    return KEY_BITS;
}

static int key_can(mbedtls_pk_type_t type)
{
    return type == MBEDTLS_PK_ECKEY || type == MBEDTLS_PK_ECDSA;
}

/// Of a hash longer than the curve's order ECDSA takes the leftmost bits (FIPS 186-5 section
/// 6.4.1), which is what the keystore signs then.
static int key_sign(mbedtls_pk_context *key, mbedtls_md_type_t algorithm, const unsigned char *hash,
                    size_t hash_size, unsigned char *signature, size_t capacity, size_t *size,
                    int (*random)(void *, unsigned char *, size_t), void *random_ctx)
{
    const struct prepared *place = key->pk_ctx;
    uint8_t pair[KEYSTORE_SIGNATURE_SIZE];
    (void)algorithm;
    (void)random;
    (void)random_ctx;
    if (hash_size < KEYSTORE_DIGEST_SIZE) {
        return MBEDTLS_ERR_PK_BAD_INPUT_DATA;
    }
    if (capacity < ECDSA_DER_LIMIT) {
        return MBEDTLS_ERR_PK_BUFFER_TOO_SMALL;
    }
    if (place->keystore->sign(place->keystore->ctx, place->slot, hash, pair) != STATUS_OK) {
        return MBEDTLS_ERR_PLATFORM_HW_ACCEL_FAILED;
    }
    *size = ecdsa_der_encode(pair, signature);
    return 0;
}

/// The context is a place below, which nobody frees.
static void key_free(void *ctx)
{
    (void)ctx;
}

static const mbedtls_pk_info_t KEY_IN_KEYSTORE = {
    .type = MBEDTLS_PK_ECKEY,
    .name = "keystore",
    .get_bitlen = key_bits,
    .can_do = key_can,
    .sign_func = key_sign,
    .ctx_free_func = key_free,
};

void keystore_tls_release(enum keystore_tls_use use)
{
    struct prepared *place = &places[use];
    place->is_ready = false;
    mbedtls_x509_crt_free(&place->authority);
    mbedtls_x509_crt_free(&place->certificate);
    mbedtls_pk_init(&place->key); // It owns nothing.
}

/// Whether the certificate is for the key in the slot.
static enum status compare_keys(struct prepared *place)
{
    const struct keystore *keystore = place->keystore;
    uint8_t in_slot[KEYSTORE_PUBLIC_SIZE];
    uint8_t certified[KEYSTORE_PUBLIC_SIZE];
    size_t size = 0;

    const enum status status = keystore->public_key(keystore->ctx, place->slot, in_slot);
    if (status != STATUS_OK) {
        return status;
    }
    if (!mbedtls_pk_can_do(&place->certificate.pk, MBEDTLS_PK_ECKEY)) {
        return STATUS_CORRUPT;
    }
    const mbedtls_ecp_keypair *pair = mbedtls_pk_ec(place->certificate.pk);
    return mbedtls_ecp_point_write_binary(&pair->grp, &pair->Q, MBEDTLS_ECP_PF_UNCOMPRESSED, &size,
                                          certified, sizeof certified) == 0 &&
                   size == sizeof in_slot && memcmp(certified, in_slot, sizeof in_slot) == 0
               ? STATUS_OK
               : STATUS_CORRUPT;
}

static enum status read_certificate(struct prepared *place)
{
    const struct keystore *keystore = place->keystore;
    uint8_t *der = malloc(KEYSTORE_CERTIFICATE_LIMIT);
    size_t size = 0;

    if (der == NULL) {
        return STATUS_FULL;
    }
    enum status status =
        keystore->certificate(keystore->ctx, place->slot, der, KEYSTORE_CERTIFICATE_LIMIT, &size);
    if (status == STATUS_OK && mbedtls_x509_crt_parse_der(&place->certificate, der, size) != 0) {
        status = STATUS_CORRUPT;
    }
    free(der);
    return status == STATUS_OK ? compare_keys(place) : status;
}

enum status keystore_tls_prepare(enum keystore_tls_use use,
                                 const struct keystore_tls_options *options)
{
    struct prepared *place = &places[use];

    keystore_tls_release(use);
    place->keystore = options->keystore;
    place->slot = options->slot;
    place->with_certificate = options->with_certificate;
    // The size counts the 0 at the end of a PEM text; a positive result tells of blocks that are
    // no certificates.
    enum status status =
        mbedtls_x509_crt_parse(&place->authority, (const unsigned char *)options->authority,
                               strlen(options->authority) + 1) == 0
            ? STATUS_OK
            : STATUS_CORRUPT;
    if (status == STATUS_OK && place->with_certificate) {
        status = read_certificate(place);
        place->key.pk_info = &KEY_IN_KEYSTORE;
        place->key.pk_ctx = place;
    }
    if (status != STATUS_OK) {
        keystore_tls_release(use);
        return status;
    }
    place->is_ready = true;
    return STATUS_OK;
}

/// Before the first answer of a time server nothing can be said about dates, and without a
/// connection there may never be one.
static int judge_dates(void *ctx, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    (void)ctx;
    (void)certificate;
    (void)depth;
    if (time(NULL) < PLAUSIBLE_S) {
        *flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    }
    return 0;
}

static esp_err_t attach(enum keystore_tls_use use, mbedtls_ssl_config *config)
{
    struct prepared *place = &places[use];

    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_verify(config, judge_dates, NULL);
    mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
    if (!place->is_ready) {
        return ESP_ERR_INVALID_STATE;
    }
    // esp-tls does not look at what this returns: the authority comes last.
    if (place->with_certificate &&
        mbedtls_ssl_conf_own_cert(config, &place->certificate, &place->key) != 0) {
        return ESP_FAIL;
    }
    mbedtls_ssl_conf_ca_chain(config, &place->authority, NULL);
    return ESP_OK;
}

esp_err_t keystore_tls_attach_broker(void *config)
{
    return attach(KEYSTORE_TLS_BROKER, config);
}

esp_err_t keystore_tls_attach_server(void *config)
{
    return attach(KEYSTORE_TLS_SERVER, config);
}
