// SPDX-License-Identifier: MIT
#include "certificate_recipe.h"

#include <string.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

static bool set_serial(X509 *certificate, const uint8_t *serial)
{
    uint8_t bytes[CERTIFICATE_SERIAL_SIZE];
    if (serial != NULL) {
        memcpy(bytes, serial, sizeof bytes);
    } else if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return false;
    }
    // Positive, and always as long as it is: 01 on top.
    bytes[0] = (uint8_t)((bytes[0] & 0x3F) | 0x40);
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    const bool good =
        number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return good;
}

static bool set_name(X509 *certificate, const char *organisation, const char *common_name)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_UTF8,
                                      (const unsigned char *)organisation, -1, -1, 0) == 1 &&
           X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                      (const unsigned char *)common_name, -1, -1, 0) == 1;
}

/// Excludes every name of a type: the empty one, or an address under a mask of no bits.
static bool exclude(NAME_CONSTRAINTS *constraints, int type, int size)
{
    static const unsigned char zeros[32];
    GENERAL_SUBTREE *tree = GENERAL_SUBTREE_new();
    ASN1_STRING *value =
        ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
    if (tree == NULL || value == NULL || ASN1_STRING_set(value, zeros, size) != 1 ||
        sk_GENERAL_SUBTREE_push(constraints->excludedSubtrees, tree) <= 0) {
        GENERAL_SUBTREE_free(tree);
        ASN1_STRING_free(value);
        return false;
    }
    GENERAL_NAME_set0_value(tree->base, type, value);
    return true;
}

static bool exclude_hosts(X509 *certificate)
{
    NAME_CONSTRAINTS *constraints = NAME_CONSTRAINTS_new();
    if (constraints == NULL) {
        return false;
    }
    constraints->excludedSubtrees = sk_GENERAL_SUBTREE_new_null();
    const bool good = constraints->excludedSubtrees != NULL && exclude(constraints, GEN_DNS, 0) &&
                      exclude(constraints, GEN_IPADD, 8) && exclude(constraints, GEN_IPADD, 32) &&
                      X509_add1_ext_i2d(certificate, NID_name_constraints, constraints, 1, 0) == 1;
    NAME_CONSTRAINTS_free(constraints);
    return good;
}

static bool add_extensions(X509 *certificate, const struct certificate_recipe *recipe)
{
    X509V3_CTX context;
    X509 *issuer = recipe->issuer != NULL ? recipe->issuer : certificate;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    for (size_t i = 0; i < recipe->extension_count; i++) {
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, recipe->extensions[i].nid,
                                                        recipe->extensions[i].value);
        const bool added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
        X509_EXTENSION_free(extension);
        if (!added) {
            return false;
        }
    }
    return !recipe->names_no_host || exclude_hosts(certificate);
}

X509 *certificate_make(const struct certificate_recipe *recipe)
{
    X509 *certificate = X509_new();
    const X509 *issuer = recipe->issuer != NULL ? recipe->issuer : certificate;
    const bool good =
        certificate != NULL && X509_set_version(certificate, X509_VERSION_3) == 1 &&
        set_serial(certificate, recipe->serial) &&
        set_name(certificate, recipe->organisation, recipe->common_name) &&
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
        ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)recipe->not_before_s) != NULL &&
        ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)recipe->not_after_s) != NULL &&
        X509_set_pubkey(certificate, recipe->key) == 1 && add_extensions(certificate, recipe) &&
        X509_sign(certificate, recipe->issuer_key, EVP_sha256()) > 0;
    if (!good) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

EVP_PKEY *certificate_make_key(void)
{
    return EVP_EC_gen("P-256");
}

static int64_t seconds_of(const ASN1_TIME *time)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int seconds = 0;
    const bool good =
        epoch != NULL && time != NULL && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;
    ASN1_TIME_free(epoch);
    return good ? (int64_t)days * 86400 + seconds : 0;
}

int64_t certificate_end(const X509 *certificate)
{
    return seconds_of(X509_get0_notAfter(certificate));
}

int64_t certificate_begin(const X509 *certificate)
{
    return seconds_of(X509_get0_notBefore(certificate));
}
